package infer

import "slices"

// operations are what a change says that became of a row.
var operations = []string{"read", "insert", "update", "delete", "truncate"}

// rows is the shape of the rows where all records are changes of them, as `change of
// T` reads them: {op, before, after}; nil where one is something else. It shares
// nothing with the shape of the records.
func (c *collector) rows() *shape {
	s := c.root
	if c.source.format == "csv" || s == nil || s.obj == nil || s.unseen || s.obj.wide != nil || s.count[object] != s.values() {
		return nil
	}
	row, tells := &shape{}, false
	for _, f := range s.obj.fields {
		if f.shape == nil || f.shape.unseen || f.double > 0 {
			return nil
		}
		switch f.name {
		case "op":
			tells = f.seen == s.obj.n && f.shape.isOperation()
		case "before", "after":
			if !f.shape.isOnly(object) {
				return nil
			}
			row.merge(f.shape)
		case "unchanged":
			if !f.shape.isOnly(list) || f.shape.elem != nil && f.shape.elem.count[text] != f.shape.elem.values() {
				return nil
			}
		default:
			return nil
		}
	}
	row.count[null] = 0 // of a row that is not there
	if !tells || row.obj == nil || !row.obj.isStruct(true) {
		return nil
	}
	return row
}

// isOperation tells whether the values of a place are all what a change says.
func (s *shape) isOperation() bool {
	return s.count[text] == s.values() && s.str != nil && !s.str.values.many &&
		!slices.ContainsFunc(s.str.values.list, func(v string) bool { return !slices.Contains(operations, v) })
}

// isOnly tells whether a place has values of one kind, or null.
func (s *shape) isOnly(k kind) bool { return s.count[k]+s.count[null] == s.values() }
