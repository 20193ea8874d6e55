package ir

// HostMemory is what a host of an elastic process needs itself, in bytes: it starts the
// copies, and no record comes to it.
const HostMemory = 32 << 20

// MostCopies is how many copies of an elastic process one host runs at the most: so many
// that the fewest hosts run all of them. It is 0 for a process that is not elastic.
func (p *Piece) MostCopies() int {
	if p.Elastic == nil {
		return 0
	}
	hosts := max(p.Elastic.Min, 1)
	return (p.Replicas + hosts - 1) / hosts
}

// HostBound is the bound of a host with all the copies that it may run, in bytes.
func (p *Piece) HostBound() int64 {
	return int64(p.MostCopies())*p.Program.Memory.Total + HostMemory
}
