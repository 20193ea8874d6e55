package postgres

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/postgres/pgtest"
	"github.com/flowc-dev/flowc/runtime/connect/table"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// Letters come back the oldest first, from a table that the sink made or one with
// other columns that fit, whatever the server's settings are.
func TestLetters(t *testing.T) {
	server := pgtest.New(t)
	server.Exec("ALTER DATABASE postgres SET bytea_output = escape")
	server.Exec(`CREATE TABLE own (id varchar(16), time text, pipeline text, node text, line text, code text, error text, attempts numeric, source text, position text,
  header text, record text, data bytea, input text, seen timestamptz DEFAULT now())`)
	for _, name := range []string{"made", "own"} {
		s, err := NewSink(SinkConfig{DSN: server.DSN(), Table: name}, connect.Output{Node: "dead", Columns: table.LetterColumns()})
		must(t, err)
		var got []int
		read := func() error {
			got = nil
			return s.(*Sink).Letters(t.Context(), func(data []byte) error {
				l, err := flow.ParseLetter("dead", data)
				must(t, err)
				if string(l.Data) != "\x00\xff\\" || !l.Time.Equal(timeOf(l.Attempts)) {
					t.Errorf("%s: %s", name, data)
				}
				got = append(got, l.Attempts)
				return nil
			})
		}
		must(t, read())
		if len(got) > 0 {
			t.Errorf("%s: letters %v before any was written", name, got)
		}
		must(t, s.Open(t.Context()))
		const all = 2*letterPage + 7
		o := &flow.Out{}
		for i := all; i > 0; i-- { // the newest first
			o.Data = table.AppendLetter(o.Data, &flow.Letter{
				ID: fmt.Sprint(i), Pipeline: "p", Node: "n", Line: "p.yaml:3", Code: "c", Error: "e", Attempts: i, Source: "s",
				Time: timeOf(i), Position: []byte("null"), Data: []byte("\x00\xff\\"),
			})
			o.Ends = append(o.Ends, uint32(len(o.Data)))
			o.Count++
		}
		must(t, s.Write(t.Context(), o))
		must(t, s.Sync(t.Context()))
		must(t, read())
		if len(got) != all || !slices.IsSorted(got) {
			t.Errorf("%s: %d letters, not %d in order", name, len(got), all)
		}
		must(t, s.Close(t.Context(), true))
	}
	server.Exec("CREATE TABLE other (id text)")
	s, err := NewSink(SinkConfig{DSN: server.DSN(), Table: "other"}, connect.Output{Node: "dead", Columns: table.LetterColumns()})
	must(t, err)
	err = s.(*Sink).Letters(t.Context(), func([]byte) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "has no column `time` (timestamptz)") {
		t.Errorf("the error is %v", err)
	}
}

func timeOf(n int) time.Time {
	return time.Date(2026, 1, 31, 12, 0, 10, 0, time.UTC).Add(time.Duration(n) * 111 * time.Microsecond)
}
