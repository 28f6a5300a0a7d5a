/** A stage for tests: hands batches on, and says in their counts that it has seen them. */
export function createStage({ name }) {
  return (batch) => {
    const place = JSON.parse(batch.metadata.get('mlm.place'));
    place.counts = { ...place.counts, [name]: batch.numRows };
    batch.metadata.set('mlm.place', JSON.stringify(place));
    return batch;
  };
}
