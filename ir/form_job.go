package ir

// job is a whole program beside the nodes.
func (f *form) job(j *Job) {
	name(f, "a job", &j.Name)
	f.span(&j.Span)
	f.block(func() {
		f.when("start", j.Start != nil, func() {
			if j.Start == nil {
				j.Start = &Foreign{}
			}
			f.foreign(j.Start)
		})
		f.when("after", len(j.DependsOn) > 0, func() { commas(f, &j.DependsOn, f.dependency) })
	})
}

func (f *form) dependency(d *Dependency) {
	name(f, "a job or a node", &d.Name)
	f.flag("node", &d.Node)
	f.span(&d.Span)
}
