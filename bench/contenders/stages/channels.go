package main

// channels gives each stage a goroutine, with a channel of 128 events between two.
func channels(count int64) int64 {
	const room = 128
	first := make(chan event, room)
	go func() {
		defer close(first)
		for i := range count {
			first <- source(i)
		}
	}()
	in := first
	for _, stage := range stages {
		from, to := in, make(chan event, room)
		go func() {
			defer close(to)
			for e := range from {
				if e, ok := stage(e); ok {
					to <- e
				}
			}
		}()
		in = to
	}
	var arrived int64
	for e := range in {
		kept ^= e.Sum
		arrived++
	}
	return arrived
}
