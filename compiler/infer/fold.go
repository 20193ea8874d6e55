package infer

// fold finds fields that hold objects like the one that has them (a tree: nodes
// with a list of nodes), and makes both one. Afterwards such a field leads back
// to o.
//
// The objects below are alike when they have the same field for theirs and, of
// all names, half are in both. From there on down to the leaves, which have no
// such field, all are taken for one type.
func (o *objects) fold() {
	for i := 0; i < len(o.fields); i++ { // folding adds fields
		f := o.fields[i]
		s := f.slot()
		if s == nil || s.obj == nil || s.obj == o || !o.isLike(s.obj, f.name) {
			continue
		}
		for s.obj != nil && len(o.fields)+len(s.obj.fields) <= maxFields && s.obj.wide == nil {
			below := s.obj
			s.obj = nil
			o.merge(below) // which puts in its place what was below that
		}
		if s.obj == nil {
			s.obj = o
		}
	}
}

// slot is the shape of the objects that a field holds, by itself or in lists.
func (f *field) slot() *shape {
	s := f.shape
	for s != nil && s.obj == nil && s.elem != nil {
		s = s.elem
	}
	return s
}

// isLike tells whether the objects below, which are held by the field with this
// name, are like o.
func (o *objects) isLike(below *objects, name string) bool {
	if o.wide != nil || below.wide != nil {
		return false
	}
	both := 0
	for _, f := range below.fields {
		if _, ok := o.index[f.name]; ok {
			both++
		}
	}
	i, ok := below.index[name]
	if !ok || both < 2 || 2*both < len(o.fields)+len(below.fields)-both {
		return false
	}
	inner := below.fields[i].shape
	if inner == nil {
		return false
	}
	// The field holds there what it holds here.
	outer := o.fields[o.index[name]].shape
	for k := boolean; k < kinds; k++ {
		if (inner.count[k] > 0) != (outer.count[k] > 0) && inner.count[k] > 0 {
			return false
		}
	}
	return inner.values() > inner.count[null]
}
