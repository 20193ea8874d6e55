package main

// A processor is what frameworks make of a stage: an event in, the event or nothing
// out, behind an interface, with room for an error.
type processor interface {
	process(*event) (*event, error)
}

type step struct{ fn func(event) (event, bool) }

func (s step) process(e *event) (*event, error) {
	next, ok := s.fn(*e)
	if !ok {
		return nil, nil
	}
	*e = next
	return e, nil
}

// interfaces passes each event, on the heap, through a chain of processors.
func interfaces(count int64) int64 {
	var chain []processor
	for _, stage := range stages {
		chain = append(chain, step{stage})
	}
	var arrived int64
next:
	for i := range count {
		e := new(event)
		*e = source(i)
		for _, p := range chain {
			out, err := p.process(e)
			if err != nil || out == nil {
				continue next
			}
			e = out
		}
		kept ^= e.Sum
		arrived++
	}
	return arrived
}
