package main

// batched gives each stage a batch of events that is used again and again: one loop
// over the batch for each stage, the stage's body inside it.
func batched(count int64) int64 {
	const size = 256
	buffer := make([]event, size)
	var arrived int64
	for next := int64(0); next < count; {
		b := buffer[:min(size, count-next)]
		for i := range b {
			b[i] = source(next)
			next++
		}
		for i := range b {
			b[i], _ = s1(b[i])
		}
		for i := range b {
			b[i], _ = s2(b[i])
		}
		n := 0
		for i := range b {
			if e, ok := s3(b[i]); ok {
				b[n] = e
				n++
			}
		}
		b = b[:n]
		for i := range b {
			b[i], _ = s4(b[i])
		}
		for i := range b {
			b[i], _ = s5(b[i])
		}
		n = 0
		for i := range b {
			if e, ok := s6(b[i]); ok {
				b[n] = e
				n++
			}
		}
		b = b[:n]
		for i := range b {
			b[i], _ = s7(b[i])
		}
		for i := range b {
			b[i], _ = s8(b[i])
		}
		n = 0
		for i := range b {
			if e, ok := s9(b[i]); ok {
				b[n] = e
				n++
			}
		}
		b = b[:n]
		for i := range b {
			b[i], _ = s10(b[i])
		}
		for i := range b {
			kept ^= b[i].Sum
		}
		arrived += int64(len(b))
	}
	return arrived
}
