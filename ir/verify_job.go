package ir

// jobs checks that each starts something, and waits for what there is.
func (v *verifier) jobs() {
	seen := map[string]bool{}
	for _, j := range v.p.Jobs {
		if seen[j.Name] {
			v.errorf("two jobs are called `%s`", j.Name)
		}
		seen[j.Name] = true
	}
	for _, j := range v.p.Jobs {
		if v.nodeNamed(j.Name) {
			v.errorf("job %s: a node is called so", j.Name)
		}
		if j.Start == nil || j.Start.Image == nil && len(j.Start.Command) == 0 {
			v.errorf("job %s: it starts nothing", j.Name)
			continue
		}
		for _, d := range j.DependsOn {
			if d.Node && !v.nodeNamed(d.Name) || !d.Node && !seen[d.Name] {
				v.errorf("job %s: it waits for `%s`, which there is not", j.Name, d.Name)
			}
		}
	}
	for _, d := range v.p.Awaits {
		if d.Node || !seen[d.Name] {
			v.errorf("the records wait for `%s`, which is no job", d.Name)
		}
	}
}

// nodeNamed tells whether the pipeline has a node of that name.
func (v *verifier) nodeNamed(name string) bool {
	for _, n := range v.p.Nodes {
		if n.YAML == name {
			return true
		}
	}
	return false
}
