package decimal

import (
	"strconv"
	"strings"
)

// Code says what kind of error an [Error] is. Its text ([Code.String]) is
// stable, and is the code of the record error that the runtime makes of it.
type Code uint8

const (
	noError Code = iota
	// CodeSyntax: the text is not a decimal.
	CodeSyntax
	// CodeDigits: the exact value needs more than 38 significant digits.
	CodeDigits
	// CodeRange: the exponent lies beyond ±6144.
	CodeRange
	// CodeDivisionByZero: the divisor of / or % is 0.
	CodeDivisionByZero
	// CodeFraction: an integer was asked for, and the value has a fraction.
	CodeFraction
	// CodeInt64: an int64 was asked for, and the value is too large for one.
	CodeInt64
)

// String returns the stable name of the code.
func (c Code) String() string {
	switch c {
	case CodeSyntax:
		return "decimal-syntax"
	case CodeDigits:
		return "decimal-digits"
	case CodeRange:
		return "decimal-range"
	case CodeDivisionByZero:
		return "decimal-division-by-zero"
	case CodeFraction:
		return "decimal-fraction"
	case CodeInt64:
		return "decimal-int64"
	}
	return "decimal-code-" + strconv.Itoa(int(c))
}

// Error is the one error of this package: what its functions return and what
// its operators panic with.
type Error struct {
	// Op is the operation: "+", "-", "*", "/", "%", "parse", "compose",
	// "Int64", "Round" or "New".
	Op   string
	Code Code
	// X and Y are the operands; Y only of the five binary operators.
	X, Y Decimal
	// Text is what could not be parsed, cut to a readable length, and Offset
	// the byte of the whole text at which a syntax error was found.
	Text   string
	Offset int

	reason string // what a syntax error found at Offset
}

// Permanent reports that trying again cannot help: the same operands give the
// same error.
func (e *Error) Permanent() bool { return true }

// Error says what was computed or read, what is wrong with it, and, where
// there is one, the way out.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("decimal: ")
	switch e.Op {
	case "parse", "compose":
		b.WriteString(strconv.Quote(e.Text))
	case "+", "-", "*", "/", "%":
		b.WriteString(e.X.String() + " " + e.Op + " " + e.Y.String())
	default:
		b.WriteString(e.Op + " of " + e.X.String())
	}
	switch e.Code {
	case CodeSyntax:
		b.WriteString(" is not a decimal number")
		b.WriteString(": " + e.reason)
	case CodeDigits:
		b.WriteString(" needs more than 38 significant digits")
		if e.Op != "parse" && e.Op != "compose" {
			b.WriteString("; Round an operand first")
		}
	case CodeRange:
		b.WriteString(" needs an exponent beyond ±6144")
	case CodeDivisionByZero:
		b.WriteString(" divides by zero")
	case CodeFraction:
		b.WriteString(": the value has a fraction; Round, Floor, Ceil or Trunc it first")
	case CodeInt64:
		b.WriteString(": the value is too large for an int64")
	}
	return b.String()
}

// maxErrorText is how much of an unreadable text an error carries.
const maxErrorText = 80

// parseError returns the error for text s, which it copies: s may be a view
// into a buffer that is about to be used again.
func parseError(code Code, s string, at int) *Error {
	e := &Error{Op: "parse", Code: code, Offset: at}
	if code == CodeSyntax {
		e.reason = syntaxReason(s, at)
	}
	if len(s) <= maxErrorText {
		e.Text = strings.Clone(s)
		return e
	}
	// Keep the part in which the error lies.
	from := max(0, min(at-maxErrorText/2, len(s)-maxErrorText))
	e.Text = strings.Clone(s[from : from+maxErrorText])
	if from > 0 {
		e.Text = "…" + e.Text
	}
	if from+maxErrorText < len(s) {
		e.Text += "…"
	}
	return e
}

// syntaxReason describes the byte of s at which parsing stopped.
func syntaxReason(s string, at int) string {
	if s == "" {
		return "it is empty"
	}
	where := " at byte " + strconv.Itoa(at)
	if at >= len(s) {
		return "a digit is missing" + where
	}
	switch c := s[at]; {
	case c >= '0' && c <= '9':
		return "a leading zero" + where
	case c < ' ' || c > '~':
		return "unexpected byte 0x" + strconv.FormatUint(uint64(c), 16) + where
	default:
		return "unexpected " + strconv.QuoteRune(rune(c)) + where
	}
}

// ArithmeticError marks the panic of an operator as an ordinary error of the
// record, and not a crash of the code around it.
func (e *Error) ArithmeticError() {}
