package check

import (
	"strings"

	"github.com/flowc-dev/flowc/ir"
)

// A WantKind says what the value of a snippet has to be.
type WantKind int

// The kinds.
const (
	// WantAny takes any value that a record can hold; its type is inferred.
	WantAny WantKind = iota
	// WantBool takes a condition.
	WantBool
	// WantType takes a value of Want.Type.
	WantType
	// WantList takes a slice or an iter.Seq, of Want.Type where that is set.
	WantList
)

// A Want is what the value of a snippet has to be.
type Want struct {
	Kind WantKind
	// Type is the type for WantType, and that of the elements for WantList,
	// where nil lets any do.
	Type *ir.Type
	// Optional tells with WantType that the value may be a pointer as well, nil
	// for a missing one (a field with `?`).
	Optional bool
	// Who begins the sentence of an error: "a filter", "`total`". It is followed
	// by "must be …".
	Who string
}

// Bool wants a condition; who begins the sentence of an error ("a filter").
func Bool(who string) Want { return Want{Kind: WantBool, Who: who} }

// Of wants a value of a type.
func Of(t *ir.Type, who string) Want { return Want{Kind: WantType, Type: t, Who: who} }

// Any wants some value and infers its type.
func Any(who string) Want { return Want{Kind: WantAny, Who: who} }

// ListOf wants a slice or an iter.Seq of elements of t, of any where t is nil.
func ListOf(t *ir.Type, who string) Want { return Want{Kind: WantList, Type: t, Who: who} }

// must says what is wanted, to follow Who.
func (w Want) must() string {
	switch w.Kind {
	case WantBool:
		return "must be a bool"
	case WantType:
		if w.Type.Kind == ir.Enum && w.Type.Name == "" {
			return "must be one of " + strings.Join(w.Type.Values, ", ")
		}
		return "must be " + article(w.Type.String())
	case WantList:
		if w.Type != nil {
			return "must be a slice or an iter.Seq of " + w.Type.String()
		}
		return "must be a slice or an iter.Seq"
	}
	return "must be a value"
}

// who is how the snippet is called in errors.
func (w Want) who() string {
	if w.Who == "" {
		return "this"
	}
	return w.Who
}

// article puts a or an before a word.
func article(word string) string {
	if word != "" {
		switch word[0] {
		case 'a', 'e', 'i', 'o', 'A', 'E', 'I', 'O':
			return "an " + word
		case '[', '{', '*':
			return word
		}
	}
	return "a " + word
}
