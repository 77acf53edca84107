/** What each kind of attribution model does, in one sentence; docs/models.md says the rest. */
export const MODEL_WORDS: Readonly<Record<string, string>> = {
  first_click: 'All credit to the first session in the look-back window.',
  last_click: 'All credit to the last session in the look-back window.',
  last_significant_click: 'All credit to the last session that is not direct (or that the config calls significant).',
  linear: 'The same credit to every session of the path.',
  position_based: 'By default 40 % to the first, 40 % to the last, the rest equally to those between.',
  time_decay: 'The closer to the conversion, the more: by default half as much for each 7 days.',
  shapley: 'The same to every distinct channel of the path, and that equally to its sessions.',
  shapley_rate: 'Learned: by how much each channel raises the rate of conversion, averaged over all orders in which channels can join.',
  markov: 'Learned: by how much the chance to convert falls where the channel is taken out of all paths.',
  visit_scoring: 'Learned: by how much each visit raises the probability to convert.',
  custom: 'Weights from a SQL file of the project.',
};
