package frame

// At returns record i of data whose records end at ends.
func At(data []byte, ends []uint32, i int) []byte {
	begin := uint32(0)
	if i > 0 {
		begin = ends[i-1]
	}
	return data[begin:ends[i]:ends[i]]
}
