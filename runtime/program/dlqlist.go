package program

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// A listedLetter is a letter as `--format json` prints it.
type listedLetter struct {
	*flow.Letter
	Size     int        `json:"size"` // of the original, in bytes
	Replayed *time.Time `json:"replayed,omitempty"`
}

func (d *deadLetters) listed(l *flow.Letter) listedLetter {
	shown := listedLetter{Letter: l, Size: len(l.Original())}
	if at, ok := d.replayed[l.ID]; ok {
		shown.Replayed = &at
	}
	return shown
}

// list prints a line a letter; as JSON an object a line.
func (d *deadLetters) list(ctx context.Context) error {
	p := d.process
	encoder := json.NewEncoder(p.stdout)
	encoder.SetEscapeHTML(false)
	letters := 0
	err := d.each(ctx, func(l *flow.Letter) error {
		letters++
		if d.options.format == "json" {
			return encoder.Encode(d.listed(l))
		}
		replayed := ""
		if at, ok := d.replayed[l.ID]; ok {
			replayed = "  replayed " + at.Format(time.RFC3339)
		}
		_, err := fmt.Fprintf(p.stdout, "%s  %s  %s  %s  %s  %s  %s  %s%s\n",
			l.ID, l.Time.UTC().Format(time.RFC3339), printable(l.Node), printable(l.Code), times(l.Attempts, "attempt"),
			printable(l.Line), printable(l.Place()), times(len(l.Original()), "byte"), replayed)
		return err
	})
	if err == nil && letters == 0 && d.options.format != "json" {
		fmt.Fprintf(p.stdout, "%s: no dead letters\n", p.spec.Name)
	}
	return err
}

func times(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%s %ss", count(int64(n)), what)
}

// printable is text of a letter on one line of a terminal.
func printable(s string) string {
	if s == "" {
		return "-"
	}
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '·'
		}
		return r
	}, s)
}

// show prints all of a letter.
func (d *deadLetters) show(ctx context.Context) error {
	l, err := d.find(ctx)
	if err != nil {
		return err
	}
	w := d.process.stdout
	if d.options.format == "json" {
		data, err := json.MarshalIndent(d.listed(l), "", "  ")
		if err == nil {
			_, err = fmt.Fprintln(w, string(data))
		}
		return err
	}
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(w, "%-9s %s\n", name, printable(value))
		}
	}
	line("id", l.ID)
	line("time", l.Time.UTC().Format(time.RFC3339Nano))
	line("pipeline", l.Pipeline)
	line("node", l.Node+" ("+l.Line+")")
	line("code", l.Code)
	line("attempts", fmt.Sprint(l.Attempts))
	line("error", l.Error)
	line("source", l.Source)
	line("position", string(l.Position))
	line("kept in", l.Sink)
	if at, ok := d.replayed[l.ID]; ok {
		line("replayed", at.Format(time.RFC3339))
	}
	line("header", l.Header)
	original := l.Original()
	fmt.Fprintf(w, "record    %s\n", times(len(original), "byte"))
	writeBytes(w, original)
	if l.Input != nil {
		fmt.Fprintln(w, "input     what the node got")
		writeBytes(w, l.Input)
	}
	return nil
}

// writeBytes prints text as it is, and other bytes in hexadecimal.
func writeBytes(w interface{ Write([]byte) (int, error) }, b []byte) {
	text := utf8.Valid(b) && bytes.IndexFunc(b, func(r rune) bool { return !unicode.IsPrint(r) && r != '\n' && r != '\t' }) < 0
	if !text {
		fmt.Fprint(w, hex.Dump(b))
		return
	}
	fmt.Fprintln(w, strings.TrimRight(string(b), "\n"))
}
