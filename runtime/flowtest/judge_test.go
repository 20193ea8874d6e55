package flowtest_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/runtime/flowtest"
)

// ledgerOf promises records that are written "id" or "key/id"; "?" before them says
// that nobody answered, "2" that they were sent twice.
func ledgerOf(t *testing.T, records ...string) *flowtest.Ledger {
	t.Helper()
	l := flowtest.NewLedger()
	for _, text := range records {
		text, unanswered := strings.CutPrefix(text, "?")
		text, twice := strings.CutPrefix(text, "2")
		key, id, keyed := strings.Cut(text, "/")
		if !keyed {
			key, id = "", text
		}
		r := flowtest.Record{ID: id, Key: key, Data: []byte("data of " + id)}
		must(t, l.Send(r))
		if twice {
			must(t, l.Send(r))
		}
		if !unanswered {
			must(t, l.Accept(id))
		}
	}
	return l
}

// placeOf is a place with records that are written "id", or "id=data".
func placeOf(name string, records ...string) flowtest.Place {
	p := flowtest.Place{Name: name}
	for _, r := range records {
		id, data, other := strings.Cut(r, "=")
		if !other {
			data = "data of " + id
		}
		p.Records = append(p.Records, flowtest.Found{ID: id, Data: []byte(data)})
	}
	return p
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Each history has the verdict that a person would give.
func TestJudge(t *testing.T) {
	even := func(r flowtest.Record) bool { return r.ID == "b" || r.ID == "d" }
	for _, c := range []struct {
		name   string
		sent   string
		branch flowtest.Branch
		want   string
	}{
		{"all is there", "a b c", flowtest.Branch{Sinks: []flowtest.Place{placeOf("out", "a", "b", "c")}}, `3 accepted, 3 in sinks: kept`},
		{"in each of the ends", "a b c", flowtest.Branch{Sinks: []flowtest.Place{placeOf("out", "a")}, Dead: []flowtest.Place{placeOf("dead", "b")}, Drops: []string{"c"}}, `3 accepted, 1 in sinks, 1 dead letters, 1 dropped: kept`},
		{"nothing at all", "", flowtest.Branch{}, `0 accepted: kept`},
		{"one is lost", "a k/b c", flowtest.Branch{Sinks: []flowtest.Place{placeOf("out", "a", "c")}}, `3 accepted, 2 in sinks: BROKEN
  1 lost: "b" is nowhere (key "k")`},
		{"more are lost than are told of", "a b c d e f g", flowtest.Branch{}, `7 accepted: BROKEN
  7 lost: "a" is nowhere; "b" is nowhere; "c" is nowhere; "d" is nowhere; "e" is nowhere; and 2 more`},
		{"at most once may lose", "a b", flowtest.Branch{Guarantee: flowtest.AtMostOnce, Sinks: []flowtest.Place{placeOf("out", "a")}}, `2 accepted, 1 in sinks, 1 missing: kept`},
		{"at most once does not repeat", "a", flowtest.Branch{Guarantee: flowtest.AtMostOnce, Sinks: []flowtest.Place{placeOf("out", "a", "a")}}, `1 accepted, 1 in sinks, 1 repeats: BROKEN
  1 repeated: "a" is there 2 times (out), and was sent once`},
		{"at least once repeats", "a b", flowtest.Branch{Guarantee: flowtest.AtLeastOnce, Sinks: []flowtest.Place{placeOf("out", "a", "b", "a", "b")}}, `2 accepted, 2 in sinks, 2 repeats: kept`},
		{"effectively once does not", "a b", flowtest.Branch{Sinks: []flowtest.Place{placeOf("out", "a", "b", "b")}}, `2 accepted, 2 in sinks, 1 repeats: BROKEN
  1 repeated: "b" is there 2 times (out), and was sent once`},
		{"what the producer sent again", "2a", flowtest.Branch{Sinks: []flowtest.Place{placeOf("out", "a", "a")}}, `1 accepted, 1 in sinks, 1 repeats: kept`},
		{"more often than it was sent", "2a", flowtest.Branch{Sinks: []flowtest.Place{placeOf("out", "a", "a", "a")}}, `1 accepted, 1 in sinks, 2 repeats: BROKEN
  1 repeated: "a" is there 3 times (out), and was sent 2 times`},
		{"nobody answered, and it is there", "a ?b", flowtest.Branch{Sinks: []flowtest.Place{placeOf("out", "a", "b")}}, `1 accepted, 1 unanswered, 2 in sinks: kept`},
		{"nobody answered, and it is not", "a ?b", flowtest.Branch{Sinks: []flowtest.Place{placeOf("out", "a")}}, `1 accepted, 1 unanswered, 1 in sinks: kept`},
		{"nobody answered, and it is there twice", "?b", flowtest.Branch{Sinks: []flowtest.Place{placeOf("out", "b", "b")}}, `0 accepted, 1 unanswered, 1 in sinks, 1 repeats: BROKEN
  1 repeated: "b" is there 2 times (out), and was sent once`},
		{"one is forged", "a", flowtest.Branch{Sinks: []flowtest.Place{placeOf("out", "a", "x")}, Drops: []string{"y"}}, `1 accepted, 1 in sinks: BROKEN
  2 forged: out has "x", which nobody sent: "data of x"; the drops has "y", which nobody sent`},
		{"one is torn", "a", flowtest.Branch{Sinks: []flowtest.Place{placeOf("out", "a", "={\"half")}}, `1 accepted, 1 in sinks: BROKEN
  1 forged: out has a record without an ID: "{\"half"`},
		{"one is damaged", "a", flowtest.Branch{Sinks: []flowtest.Place{placeOf("out", "a=data of b")}}, `1 accepted, 1 in sinks: BROKEN
  1 damaged: "a" in out differs from byte 8 on: it has "data of b", not "data of a"`},
		{"a dead letter is damaged", "a", flowtest.Branch{Dead: []flowtest.Place{placeOf("dead", "a=data")}}, `1 accepted, 1 dead letters: BROKEN
  1 damaged: "a" in dead differs from byte 4 on: it has "data", not "data of a"`},
		{"what it becomes", "a", flowtest.Branch{
			Becomes: func(r flowtest.Record) []byte { return []byte(strings.ToUpper(string(r.Data))) },
			Sinks:   []flowtest.Place{placeOf("out", "a=DATA OF A")},
		}, `1 accepted, 1 in sinks: kept`},
		{"a dead letter is the original", "a", flowtest.Branch{
			Becomes: func(r flowtest.Record) []byte { return nil },
			Dead:    []flowtest.Place{placeOf("dead", "a")},
		}, `1 accepted, 1 dead letters: kept`},
		{"keys are in order, each for itself", "j/a k/b j/c k/d", flowtest.Branch{Sinks: []flowtest.Place{placeOf("out", "b", "d", "a", "c")}}, `4 accepted, 4 in sinks: kept`},
		{"a key is not in order", "j/a k/b j/c k/d", flowtest.Branch{Sinks: []flowtest.Place{placeOf("out", "a", "b", "d", "c"), placeOf("more", "c", "a")}}, `4 accepted, 4 in sinks, 2 repeats: BROKEN
  2 twofold: "a" is in out and in more; "c" is in out and in more
  1 reordered: "a" came behind "c" in more (key "j")`},
		{"order is given up", "a b", flowtest.Branch{Unordered: true, Sinks: []flowtest.Place{placeOf("out", "b", "a")}}, `2 accepted, 2 in sinks: kept`},
		{"a replay is in order", "a b c d", flowtest.Branch{Guarantee: flowtest.AtLeastOnce, Sinks: []flowtest.Place{placeOf("out", "a", "b", "c", "b", "c", "d")}}, `4 accepted, 4 in sinks, 2 repeats: kept`},
		{"a replay leaves one out first", "a b c d", flowtest.Branch{Guarantee: flowtest.AtLeastOnce, Sinks: []flowtest.Place{placeOf("out", "a", "b", "d", "b", "c", "d")}}, `4 accepted, 4 in sinks, 2 repeats: BROKEN
  1 reordered: "c" came behind "d" in out`},
		{"written and dead", "a", flowtest.Branch{Guarantee: flowtest.AtLeastOnce, Sinks: []flowtest.Place{placeOf("out", "a")}, Dead: []flowtest.Place{placeOf("dead", "a")}}, `1 accepted, 1 in sinks, 1 repeats: BROKEN
  1 twofold: "a" is in out and in dead`},
		{"written and dead, where failures come and go", "a", flowtest.Branch{Guarantee: flowtest.AtLeastOnce, Unsteady: true, Sinks: []flowtest.Place{placeOf("out", "a")}, Dead: []flowtest.Place{placeOf("dead", "a")}}, `1 accepted, 1 in sinks, 1 repeats: kept`},
		{"written and dead, effectively once", "a", flowtest.Branch{Unsteady: true, Sinks: []flowtest.Place{placeOf("out", "a")}, Drops: []string{"a"}}, `1 accepted, 1 in sinks, 1 repeats: BROKEN
  1 twofold: "a" is in out and in the drops`},
		{"filtered", "a b c d", flowtest.Branch{Wants: even, Sinks: []flowtest.Place{placeOf("out", "b", "d")}}, `2 accepted, 2 in sinks, 2 filtered: kept`},
		{"not filtered", "a b c d", flowtest.Branch{Wants: even, Sinks: []flowtest.Place{placeOf("out", "b", "c", "d")}}, `2 accepted, 2 in sinks, 2 filtered: BROKEN
  1 misrouted: "c" is in out, and this branch does not want it`},
	} {
		c.branch.Name = "b"
		if c.branch.Guarantee == "" {
			c.branch.Guarantee = flowtest.EffectivelyOnce
		}
		v := flowtest.Judge(ledgerOf(t, strings.Fields(c.sent)...), c.branch)
		want := "b (" + string(c.branch.Guarantee) + "): " + c.want
		if got := v.String(); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, got, want)
		}
		if (v.Err() == nil) != strings.HasSuffix(want, ": kept") || v.OK() != (v.Err() == nil) {
			t.Errorf("%s: %v", c.name, v.Err())
		}
	}
}

// A verdict is also a value, for those who keep it.
func TestVerdictAsJSON(t *testing.T) {
	v := flowtest.Judge(ledgerOf(t, "a", "b"), flowtest.Branch{Name: "b", Guarantee: flowtest.EffectivelyOnce, Sinks: []flowtest.Place{placeOf("out", "a", "a")}})
	text, err := json.Marshal(v)
	must(t, err)
	const want = `{"branch":"b","guarantee":"effectively-once","accepted":2,"unanswered":0,"delivered":1,"dead":0,"dropped":0,"filtered":0,"missing":0,"repeats":1,` +
		`"violations":[{"class":"lost","count":1,"examples":["\"b\" is nowhere"]},{"class":"repeated","count":1,"examples":["\"a\" is there 2 times (out), and was sent once"]}]}`
	if string(text) != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
	if v.Count(flowtest.Lost) != 1 || v.Count(flowtest.Forged) != 0 {
		t.Error("the counts are wrong")
	}
}

// A ledger that can't be right is an error, and not a verdict that is wrong.
func TestLedger(t *testing.T) {
	l := flowtest.NewLedger()
	data := []byte("one")
	must(t, l.Promise(flowtest.Record{ID: "1", Data: data}))
	data[0] = 'x' // the ledger has its own
	for _, c := range []struct {
		err  error
		want string
	}{
		{l.Send(flowtest.Record{}), "no ID"},
		{l.Send(flowtest.Record{ID: "1", Data: []byte("two")}), "two different records"},
		{l.Promise(flowtest.Record{ID: "1", Key: "k", Data: []byte("one")}), "two different records"},
		{l.Accept("2"), "nobody has sent it"},
		{l.Promise(flowtest.Record{}), "no ID"},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("not %q: %v", c.want, c.err)
		}
	}
	must(t, l.Send(flowtest.Record{ID: "1", Data: []byte("one")}))
	must(t, l.Send(flowtest.Record{ID: "2"}))
	if sent, accepted := l.Counts(); sent != 2 || accepted != 1 {
		t.Errorf("%d sent, %d accepted", sent, accepted)
	}
}
