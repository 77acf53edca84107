import { expect, it } from 'vitest';
import { actionFields, ecommerceProperties, itemsOf } from './ecommerce.ts';

it('gives the purchase of Universal Analytics the names of GA4, and its amounts as numbers', () => {
  expect(
    ecommerceProperties({
      currencyCode: 'EUR',
      purchase: {
        actionField: { id: 'T-1', affiliation: 'Online', revenue: '35.43', tax: '4.90', shipping: 0, coupon: '2024' },
        products: [
          { id: 'SKU-1', name: 'Tee', price: '15.25', brand: 'Fern', category: 'Apparel', variant: 'Grey', quantity: 1, coupon: '' },
          { name: 'Mug', id: '67890', price: '', quantity: '2' },
        ],
      },
    }),
  ).toEqual({
    currency: 'EUR',
    transaction_id: 'T-1',
    affiliation: 'Online',
    value: 35.43,
    tax: 4.9,
    shipping: 0,
    coupon: '2024',
    items: [
      {
        item_id: 'SKU-1',
        item_name: 'Tee',
        price: 15.25,
        item_brand: 'Fern',
        item_category: 'Apparel',
        item_variant: 'Grey',
        quantity: 1,
        coupon: '',
      },
      { item_name: 'Mug', item_id: '67890', price: '', quantity: 2 },
    ],
  });
});

it.each(['detail', 'add', 'remove', 'click', 'checkout', 'refund'])('reads the products of %s', (action) => {
  expect(
    ecommerceProperties({ [action]: { actionField: { list: 'Search', step: 2, option: 'Visa' }, products: [{ id: 'A', position: 3 }] } }),
  ).toEqual({
    item_list_name: 'Search',
    checkout_step: 2,
    checkout_option: 'Visa',
    items: [{ item_id: 'A', index: 3 }],
  });
});

it('reads impressions and promotions', () => {
  expect(ecommerceProperties({ impressions: [{ id: 'A', list: 'Home' }], promoView: { promotions: [{ id: 'P' }] } })).toEqual({
    items: [{ item_id: 'A', item_list_name: 'Home' }],
    promotions: [{ id: 'P' }],
  });
});

it('leaves what is GA4 already as it is', () => {
  const ecommerce = {
    transaction_id: 'T',
    value: 30.03,
    currency: 'USD',
    tax: 4.9,
    items: [{ item_id: 'S', price: 10.01, quantity: 3 }],
    coupon: null,
  };
  expect(ecommerceProperties(ecommerce)).toEqual(ecommerce);
});

it('takes text for a number in amounts only', () => {
  expect(actionFields({ id: '007', revenue: '0', tax: 'none' })).toEqual({ transaction_id: '007', value: 0, tax: 'none' });
  expect(actionFields(undefined)).toEqual({});
  expect(itemsOf([{ id: '12', price: '1,50' }])).toEqual([{ item_id: '12', price: '1,50' }]);
});
