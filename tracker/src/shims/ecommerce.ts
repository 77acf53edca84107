type Data = Readonly<Record<string, unknown>>;

type Names = Readonly<Record<string, string>>;

/** GA4's names of what Universal Analytics called otherwise. */
const ACTION_FIELDS: Names = {
  id: 'transaction_id',
  revenue: 'value',
  step: 'checkout_step',
  option: 'checkout_option',
  list: 'item_list_name',
};
const PRODUCT_FIELDS: Names = {
  id: 'item_id',
  name: 'item_name',
  brand: 'item_brand',
  category: 'item_category',
  variant: 'item_variant',
  list: 'item_list_name',
  position: 'index',
};
const NUMBERS = /^(?:value|tax|shipping|price|quantity)$/;

function rename(data: unknown, names: Names): Data {
  return Object.fromEntries(
    Object.entries((data ?? {}) as Data).map(([from, value]) => {
      const name = names[from] ?? from;
      // Universal Analytics took numbers as text.
      return [name, NUMBERS.test(name) && value && !isNaN(+value) ? +value : value];
    }),
  );
}

/** The products of Universal Analytics as GA4's `items`. */
export function itemsOf(products: readonly unknown[]): readonly Data[] {
  return products.map((product) => rename(product, PRODUCT_FIELDS));
}

/** The `actionField` of Universal Analytics under GA4's names. */
export function actionFields(action: unknown): Data {
  return rename(action, ACTION_FIELDS);
}

/** The properties in an `ecommerce` object of a data layer: GA4's as they are, Universal Analytics' under GA4's names. */
export function ecommerceProperties(ecommerce: object): Data {
  const properties: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(ecommerce as Record<string, unknown>)) {
    const { actionField, products, promotions } = (Array.isArray(member) ? {} : (member ?? {})) as Data;
    if (actionField || products || promotions) {
      Object.assign(properties, actionFields(actionField));
      if (Array.isArray(products)) properties['items'] = itemsOf(products);
      if (promotions) properties['promotions'] = promotions;
    } else if (name === 'impressions' && Array.isArray(member)) properties['items'] ??= itemsOf(member);
    else properties[name === 'currencyCode' ? 'currency' : name] = member;
  }
  return properties;
}
