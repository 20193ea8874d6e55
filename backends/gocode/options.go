package gocode

import (
	"fmt"

	"github.com/flowc-dev/flowc/ir"
)

// Option is the text of an option of a codec, "" where it is not given.
func Option(options []ir.Setting, key string) string {
	for _, o := range options {
		if o.Key == key && o.Value != nil {
			return o.Value.Text()
		}
	}
	return ""
}

// optionList is an option that is a list of texts.
func optionList(options []ir.Setting, key string) []string {
	var list []string
	for _, o := range options {
		if o.Key == key && o.Value != nil {
			for _, i := range o.Value.Items {
				list = append(list, i.Text())
			}
		}
	}
	return list
}

// Framer quotes what cuts the bytes of a source into records.
func Framer(d *ir.Decode) string {
	switch d.Codec {
	case "json":
		return "new(@frame.JSONValues)"
	case "csv":
		delimiter, quote := csvChars(d.Options)
		return fmt.Sprintf("@frame.CSVRows{Delimiter: %q, Quote: %q}", delimiter, quote)
	case "bytes":
		return "@frame.Whole{}"
	}
	return "@frame.Lines{}"
}
