package decimal

// AppendJSON appends d to dst as JSON: the text of [Decimal.Append], in quotes
// unless d has the number form. Every such text is a JSON number.
func (d Decimal) AppendJSON(dst []byte) []byte {
	if d.flags&flagNumber != 0 {
		return d.Append(dst)
	}
	dst = append(dst, '"')
	dst = d.Append(dst)
	return append(dst, '"')
}

// ParseJSON reads a JSON value, a number or a string that holds one, without
// white space around it. The text is what [Parse] accepts; a string may be
// written with escapes. The result has the string form in either case: the
// form belongs to the type that a field is declared with, not to the text.
func ParseJSON(b []byte) (Decimal, error) {
	if len(b) < 2 || b[0] != '"' || b[len(b)-1] != '"' {
		return ParseBytes(b)
	}
	b = b[1 : len(b)-1]
	for i := range b {
		if b[i] == '\\' {
			return parseEscaped(b)
		}
	}
	return ParseBytes(b)
}

// parseEscaped reads the inside of a JSON string with a backslash in it. Only
// \u escapes can stand for what a decimal consists of, so any other one is
// left in place, where parsing stops at it.
func parseEscaped(b []byte) (Decimal, error) {
	var buf [maxText]byte
	text := buf[:0]
	for i := 0; i < len(b); i++ {
		if c, is := unescape(b[i:]); is {
			text = append(text, c)
			i += len(`\u0000`) - 1
			continue
		}
		text = append(text, b[i])
	}
	return ParseBytes(text)
}

// unescape returns the byte that an escape \u00XX at the start of b stands for.
// Above ASCII that is not its UTF-8, but parsing stops at it all the same.
func unescape(b []byte) (c byte, is bool) {
	if len(b) < len(`\u0000`) || string(b[:4]) != `\u00` {
		return 0, false
	}
	for _, h := range b[4:6] {
		switch {
		case h >= '0' && h <= '9':
			h -= '0'
		case h|' ' >= 'a' && h|' ' <= 'f':
			h = h | ' ' - 'a' + 10
		default:
			return 0, false
		}
		c = c<<4 | h
	}
	return c, true
}

// MarshalJSON implements json.Marshaler by [Decimal.AppendJSON].
func (d Decimal) MarshalJSON() ([]byte, error) {
	return d.AppendJSON(make([]byte, 0, 24)), nil
}

// UnmarshalJSON implements json.Unmarshaler by [ParseJSON]. It keeps the form
// that d has, and leaves d as it is where the value is null.
func (d *Decimal) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		return nil
	}
	return d.set(ParseJSON(b))
}

// MarshalText implements encoding.TextMarshaler by [Decimal.Append].
func (d Decimal) MarshalText() ([]byte, error) {
	return d.Append(make([]byte, 0, 24)), nil
}

// AppendText implements encoding.TextAppender by [Decimal.Append].
func (d Decimal) AppendText(dst []byte) ([]byte, error) {
	return d.Append(dst), nil
}

// UnmarshalText implements encoding.TextUnmarshaler by [ParseBytes]. It keeps
// the form that d has.
func (d *Decimal) UnmarshalText(b []byte) error {
	return d.set(ParseBytes(b))
}

// set makes d the value x with d's own form, unless there is an error.
func (d *Decimal) set(x Decimal, err error) error {
	if err != nil {
		return err
	}
	x.flags = x.flags&^flagNumber | d.flags&flagNumber
	*d = x
	return nil
}
