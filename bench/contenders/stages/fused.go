package main

// fused has all stages in the body of one loop: the limit.
func fused(count int64) int64 {
	var arrived int64
	for i := range count {
		e := source(i)
		ok := false
		e, _ = s1(e)
		e, _ = s2(e)
		if e, ok = s3(e); !ok {
			continue
		}
		e, _ = s4(e)
		e, _ = s5(e)
		if e, ok = s6(e); !ok {
			continue
		}
		e, _ = s7(e)
		e, _ = s8(e)
		if e, ok = s9(e); !ok {
			continue
		}
		e, _ = s10(e)
		kept ^= e.Sum
		arrived++
	}
	return arrived
}
