package jsonscan

// gap parses what stands between two values: line[i:] follows the value of
// from, or begins the record. It returns the member whose value begins at next
// (or the end, with next behind the closing brace), and remembers the text. The
// acts of the text are left in o.acts, with places in line.
func (o *Object) gap(line []byte, i int, from *node) (to *node, next int, err error) {
	begin := i
	o.acts = o.acts[:0]
	lv := from.level
	opened := false // a brace was the last thing
	if from == o.start {
		i = SkipSpace(line, i)
		if i >= len(line) || line[i] != '{' {
			return nil, i, expectedAt("an object", line, i)
		}
		i++
		opened = true
	}
	for {
		i = SkipSpace(line, i)
		switch {
		case i < len(line) && line[i] == '}':
			i++
			opened = false
			if lv.parent == nil {
				return o.arrive(from, o.end, line, begin, i)
			}
			o.acts = append(o.acts, act{field: lv.field, at: i - 1})
			lv = lv.parent
			continue
		case opened: // a key or a brace
			if i >= len(line) || line[i] != '"' {
				return nil, i, expectedAt("a key or '}'", line, i)
			}
		case i < len(line) && line[i] == ',':
			i = SkipSpace(line, i+1)
			if i >= len(line) || line[i] != '"' {
				return nil, i, expectedAt("a key", line, i)
			}
		default:
			return nil, i, expectedAt("',' or '}'", line, i)
		}
		key, end, err := o.key(line, i)
		if err != nil {
			return nil, i, err
		}
		i = SkipSpace(line, end)
		if i >= len(line) || line[i] != ':' {
			return nil, i, expectedAt("':'", line, i)
		}
		i = SkipSpace(line, i+1)
		if i >= len(line) {
			return nil, i, expectedAt("a value", line, i)
		}
		n := o.member(lv, key)
		if n == lv.other {
			// Not remembered, so that ScanFull meets each such key here.
			if o.full.on {
				if err := o.full.otherKey(lv, key, i); err != nil {
					return nil, i, err
				}
			}
			return n, i, nil
		}
		if n.members == nil || line[i] != '{' {
			return o.arrive(from, n, line, begin, i)
		}
		o.acts = append(o.acts, act{field: n, at: i, open: true})
		lv = n.members
		i++
		opened = true
	}
}

func (o *Object) arrive(from, to *node, line []byte, begin, end int) (*node, int, error) {
	for k := range o.acts {
		o.acts[k].at -= begin
	}
	o.learn(from, to, line[begin:end], o.acts)
	for k := range o.acts {
		o.acts[k].at += begin
	}
	return to, end, nil
}

// key reads the key that begins at line[i]. The result is valid until the next
// call. It is nil for a key with a bad escape or bad bytes, which is no field's
// and only ScanFull refuses.
func (o *Object) key(line []byte, i int) (key []byte, end int, err error) {
	end, err = SkipString(line, i)
	if err != nil {
		return nil, i, err
	}
	key = line[i+1 : end-1]
	if verbatimPrefix(key, plainPrefix(key)) < len(key) {
		text, bad := appendUnescaped(o.scratch[:0], key)
		o.scratch = text
		switch {
		case bad == nil:
			key = text
		case o.full.on:
			bad.Offset += i + 1
			return nil, i, bad
		default:
			return nil, end, nil
		}
	}
	return key[:len(key):len(key)], end, nil
}
