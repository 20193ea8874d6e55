package main

// batched gives each stage a batch of events that is used again and again.
func batched(count int64) int64 {
	const size = 256
	batch := make([]event, 0, size)
	var arrived int64
	for next := int64(0); next < count; {
		batch = batch[:0]
		for ; next < count && len(batch) < size; next++ {
			batch = append(batch, source(next))
		}
		for _, stage := range stages {
			n := 0
			for _, e := range batch {
				e, ok := stage(e)
				batch[n] = e
				if ok {
					n++
				}
			}
			batch = batch[:n]
		}
		for _, e := range batch {
			kept ^= e.Sum
		}
		arrived += int64(len(batch))
	}
	return arrived
}
