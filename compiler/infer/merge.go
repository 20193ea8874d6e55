package infer

func (p place) before(o place) bool {
	return p.line < o.line || p.line == o.line && p.column < o.column
}

// merge adds what is known of another place, as if its values had stood here.
// The other shape stays as it is and shares nothing with this one.
func (s *shape) merge(o *shape) {
	if o == nil {
		s.unseen = true
		return
	}
	for k := range s.count {
		if o.count[k] > 0 && (s.count[k] == 0 || o.first[k].before(s.first[k])) {
			s.first[k] = o.first[k]
		}
		s.count[k] += o.count[k]
	}
	s.num.merge(&o.num)
	if o.str != nil {
		if s.str == nil {
			s.str = &texts{}
		}
		s.str.merge(o.str)
	}
	if o.elem != nil {
		if s.elem == nil {
			s.elem = &shape{}
		}
		s.elem.merge(o.elem)
	}
	if o.obj != nil {
		if s.obj == nil {
			s.obj = &objects{index: map[string]int{}}
		}
		s.obj.merge(o.obj)
	}
	s.unseen = s.unseen || o.unseen
	s.twice = earlier(s.twice, o.twice)
}

// earlier is the first of two places; the zero place is none.
func earlier(a, b place) place {
	if a == (place{}) || b != (place{}) && b.before(a) {
		return b
	}
	return a
}

func (o *objects) merge(other *objects) {
	o.n += other.n
	o.named += other.named
	if other.wide != nil || o.wide != nil {
		o.mergeWide(other)
		return
	}
	for n, f := range other.fields {
		i, ok := o.index[f.name]
		if !ok {
			if len(o.fields) == maxFields {
				o.mergeWide(&objects{fields: other.fields[n:]})
				return
			}
			i = len(o.fields)
			o.index[f.name] = i
			o.fields = append(o.fields, &field{name: f.name, shape: &shape{}})
		}
		t := o.fields[i]
		if t.shape != nil {
			t.shape.merge(f.shape)
		}
		t.seen += f.seen
		t.twice = earlier(t.twice, f.twice)
		t.double += f.double
	}
}

// mergeWide takes the names of both for data.
func (o *objects) mergeWide(other *objects) {
	if o.wide == nil {
		o.wide = &shape{}
	}
	for _, f := range o.fields {
		o.wide.merge(f.shape)
	}
	o.fields, o.index = nil, nil
	if other.wide != nil {
		o.wide.merge(other.wide)
	}
	for _, f := range other.fields {
		o.wide.merge(f.shape)
	}
}
