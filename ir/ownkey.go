package ir

// A KeyPart is a part of the key by which whoever takes the records of a sink knows
// one that comes twice.
type KeyPart struct {
	// Field is the name of a field on the wire, "" where Expr is set.
	Field string
	Expr  *Expr
}

// OwnKey is the key of the records' own by which what a sink writes can be told:
// the fields of `key` of a table, the id of a document, the idempotency key of a
// request, or the URL that a record is put to. Nil where there is none.
func (s *Sink) OwnKey() []KeyPart {
	if s.Connector != "http" {
		return s.tableKey()
	}
	meta := func(name string) []KeyPart {
		for _, a := range s.Meta {
			if a.Name == name {
				return []KeyPart{{Expr: a.Expr}}
			}
		}
		return nil
	}
	if s.literal("bulk.as") != "" {
		return meta("id")
	}
	if key := meta("idempotency_key"); key != nil {
		return key
	}
	if s.literal("method") != "PUT" || s.literal("single") != "true" || meta("method") != nil {
		return nil
	}
	parts := meta("path")
	for _, c := range s.Config {
		if c.Key != "url" || c.Value == nil {
			continue
		}
		for _, p := range c.Value.Parts {
			if p.Kind == Record && p.Expr != nil {
				parts = append(parts, KeyPart{Expr: p.Expr})
			}
		}
	}
	return parts
}

// tableKey is `key` of a sink that is idempotent by it.
func (s *Sink) tableKey() []KeyPart {
	var parts []KeyPart
	for _, c := range s.Config {
		if c.Key != "key" || c.Value == nil {
			continue
		}
		if len(c.Value.Items) == 0 {
			parts = append(parts, KeyPart{Field: c.Value.Text()})
		}
		for _, item := range c.Value.Items {
			parts = append(parts, KeyPart{Field: item.Text()})
		}
	}
	for _, a := range s.Meta {
		if a.Name == "key" {
			parts = append(parts, KeyPart{Expr: a.Expr})
		}
	}
	return parts
}

// literal is the text of a setting that the pipeline says itself, "" for others.
func (s *Sink) literal(key string) string {
	for _, c := range s.Config {
		if c.Key == key && c.Value != nil && c.Value.IsLiteral() {
			return c.Value.Text()
		}
	}
	return ""
}
