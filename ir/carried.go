package ir

// Carried is what package runtime/codec/envelope calls values of the type among the `meta`
// that records take along into another process, "" for one that can't go with them.
func (t *Type) Carried() string {
	switch t.Kind {
	case String:
		return "Text"
	case Int, Int64:
		return "Int"
	case Uint64:
		return "Uint"
	case Bool:
		return "Bool"
	case Time:
		return "Time"
	case Map:
		if t.Elem.Kind == String {
			return "Texts"
		}
	}
	return ""
}
