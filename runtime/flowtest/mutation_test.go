package flowtest_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/flowc-dev/flowc/runtime/flowtest"
)

// A history is a right one: what a pipeline that keeps its promises leaves behind.
type history struct {
	rnd     *rand.Rand
	ledger  *flowtest.Ledger
	records []flowtest.Record
	branch  flowtest.Branch
}

// rightHistory makes one, with crashes (at least once: replays), records that
// nobody answered, dead letters, drops and filters.
func rightHistory(t *testing.T, seed uint64, g flowtest.Guarantee) *history {
	t.Helper()
	h := &history{rnd: rand.New(rand.NewPCG(seed, 1)), ledger: flowtest.NewLedger()}
	h.branch = flowtest.Branch{
		Name: "b", Guarantee: g,
		Wants:   func(r flowtest.Record) bool { return r.Key != "key 4" },
		Becomes: func(r flowtest.Record) []byte { return append([]byte("became "), r.Data...) },
		Sinks:   []flowtest.Place{{Name: "out"}, {Name: "more"}},
		Dead:    []flowtest.Place{{Name: "dead"}},
	}
	var there []bool // what nobody answered may be there or not
	for i := range 200 + h.rnd.IntN(200) {
		r := flowtest.Record{ID: fmt.Sprint(i), Key: fmt.Sprintf("key %d", h.rnd.IntN(5)), Data: fmt.Appendf(nil, "record %d %x", i, h.rnd.Uint64())}
		must(t, h.ledger.Send(r))
		ok := h.rnd.IntN(20) > 0
		if ok {
			must(t, h.ledger.Accept(r.ID))
		}
		h.records, there = append(h.records, r), append(there, ok || h.rnd.IntN(2) == 0)
	}
	for i, again := 0, 0; i < len(h.records); i++ {
		if there[i] {
			h.place(h.records[i])
		}
		if g == flowtest.AtLeastOnce && i > again && h.rnd.IntN(40) == 0 {
			again = i
			i -= min(i, h.rnd.IntN(15)) // a crash, and a replay
		}
	}
	return h
}

// place puts a record where it belongs, which is always the same place.
func (h *history) place(r flowtest.Record) {
	if !h.branch.Wants(r) {
		return
	}
	n := uint(0)
	for _, c := range r.Data {
		n = n*31 + uint(c)
	}
	switch n = n % 20; {
	case n == 0:
		h.branch.Dead[0].Records = append(h.branch.Dead[0].Records, flowtest.Found{ID: r.ID, Data: r.Data})
	case n == 1 && !slices.Contains(h.branch.Drops, r.ID):
		h.branch.Drops = append(h.branch.Drops, r.ID)
	case n == 1:
	default:
		s := &h.branch.Sinks[n%2]
		s.Records = append(s.Records, flowtest.Found{ID: r.ID, Data: h.branch.Becomes(r)})
	}
}

// sink is one of the sinks, and the place of a record in it that pick likes; its
// record was accepted.
func (h *history) sink(pick func(s *flowtest.Place, i int) bool) (s *flowtest.Place, i int) {
	for range 100_000 {
		s = &h.branch.Sinks[h.rnd.IntN(2)]
		i = h.rnd.IntN(len(s.Records))
		if h.accepted(s.Records[i].ID) && (pick == nil || pick(s, i)) {
			return s, i
		}
	}
	panic("no such record in the history")
}

func (h *history) accepted(id string) bool {
	// A ledger with this record alone tells by its verdict.
	v := flowtest.Judge(h.ledger, flowtest.Branch{Wants: func(r flowtest.Record) bool { return r.ID == id }})
	return v.Accepted == 1
}

func (h *history) record(id string) flowtest.Record {
	return h.records[slices.IndexFunc(h.records, func(r flowtest.Record) bool { return r.ID == id })]
}

// remove takes a record out of all places.
func (h *history) remove(id string) {
	is := func(f flowtest.Found) bool { return f.ID == id }
	for _, places := range [][]flowtest.Place{h.branch.Sinks, h.branch.Dead} {
		for i := range places {
			places[i].Records = slices.DeleteFunc(places[i].Records, is)
		}
	}
	h.branch.Drops = slices.DeleteFunc(h.branch.Drops, func(d string) bool { return d == id })
}

// once tells whether a record is in a sink a single time.
func once(s *flowtest.Place, i int) bool {
	n := 0
	for _, f := range s.Records {
		if f.ID == s.Records[i].ID {
			n++
		}
	}
	return n == 1
}

// swappable finds the next record behind i that has the same key, both there once.
func (h *history) swappable(s *flowtest.Place, i int) (j int) {
	if !once(s, i) {
		return -1
	}
	for j = i + 1; j < len(s.Records); j++ {
		if h.record(s.Records[j].ID).Key == h.record(s.Records[i].ID).Key {
			if once(s, j) {
				return j
			}
			return -1
		}
	}
	return -1
}

// corruptions are the mistakes that a runtime could make, each with the class that
// it must be found as. Those that are no mistake at least once say so.
var corruptions = []struct {
	name    string
	class   flowtest.Class
	corrupt func(h *history)
	strict  bool // a mistake of effectively once alone
}{
	{"a record is not written", flowtest.Lost, func(h *history) { s, i := h.sink(nil); h.remove(s.Records[i].ID) }, false},
	{"the last record is not flushed", flowtest.Lost, func(h *history) {
		for i := len(h.records) - 1; ; i-- {
			if r := h.records[i]; h.branch.Wants(r) && h.accepted(r.ID) {
				h.remove(r.ID)
				return
			}
		}
	}, false},
	{"a whole batch is acked and not written", flowtest.Lost, func(h *history) {
		s, i := h.sink(nil)
		for _, f := range slices.Clone(s.Records[i:min(i+20, len(s.Records))]) {
			h.remove(f.ID)
		}
	}, false},
	{"a key is skipped", flowtest.Lost, func(h *history) {
		for _, r := range h.records {
			if r.Key == "key 2" {
				h.remove(r.ID)
			}
		}
	}, false},
	{"a dead letter is swallowed", flowtest.Lost, func(h *history) {
		d := &h.branch.Dead[0]
		h.remove(d.Records[slices.IndexFunc(d.Records, func(f flowtest.Found) bool { return h.accepted(f.ID) })].ID)
	}, false},
	{"a drop is not declared", flowtest.Lost, func(h *history) {
		h.remove(h.branch.Drops[slices.IndexFunc(h.branch.Drops, h.accepted)])
	}, false},
	{"a record is there for another", flowtest.Lost, func(h *history) {
		s, i := h.sink(func(s *flowtest.Place, i int) bool { return i > 0 && once(s, i) })
		s.Records[i] = s.Records[i-1]
	}, false},
	{"a record is invented", flowtest.Forged, func(h *history) {
		s, i := h.sink(nil)
		s.Records = slices.Insert(s.Records, i, flowtest.Found{ID: "999999", Data: []byte("became record 999999 0")})
	}, false},
	{"a record is torn", flowtest.Forged, func(h *history) {
		s, _ := h.sink(nil)
		s.Records = append(s.Records, flowtest.Found{Data: []byte("became rec")})
	}, false},
	{"a dead letter is invented", flowtest.Forged, func(h *history) {
		h.branch.Dead[0].Records = append(h.branch.Dead[0].Records, flowtest.Found{ID: "-1"})
	}, false},
	{"a drop is invented", flowtest.Forged, func(h *history) { h.branch.Drops = append(h.branch.Drops, "none") }, false},
	{"a byte flips", flowtest.Damaged, func(h *history) {
		s, i := h.sink(nil)
		d := slices.Clone(s.Records[i].Data)
		d[h.rnd.IntN(len(d))] ^= 1 << h.rnd.IntN(8)
		s.Records[i].Data = d
	}, false},
	{"a record is cut", flowtest.Damaged, func(h *history) {
		s, i := h.sink(nil)
		s.Records[i].Data = s.Records[i].Data[:len(s.Records[i].Data)-1]
	}, false},
	{"a record has more at its end", flowtest.Damaged, func(h *history) {
		s, i := h.sink(nil)
		s.Records[i].Data = append(slices.Clone(s.Records[i].Data), '\r')
	}, false},
	{"a record is empty", flowtest.Damaged, func(h *history) { s, i := h.sink(nil); s.Records[i].Data = nil }, false},
	{"records change their bytes", flowtest.Damaged, func(h *history) {
		s, i := h.sink(func(s *flowtest.Place, i int) bool { return i > 0 && s.Records[i].ID != s.Records[i-1].ID })
		s.Records[i].Data, s.Records[i-1].Data = s.Records[i-1].Data, s.Records[i].Data
	}, false},
	{"a record is not transformed", flowtest.Damaged, func(h *history) {
		s, i := h.sink(nil)
		s.Records[i].Data = h.record(s.Records[i].ID).Data
	}, false},
	{"a dead letter is what the record became", flowtest.Damaged, func(h *history) {
		f := &h.branch.Dead[0].Records[0]
		f.Data = h.branch.Becomes(h.record(f.ID))
	}, false},
	{"two of a key change places", flowtest.Reordered, func(h *history) {
		j := -1
		s, i := h.sink(func(s *flowtest.Place, i int) bool { j = h.swappable(s, i); return j > 0 })
		s.Records[i], s.Records[j] = s.Records[j], s.Records[i]
	}, false},
	{"a retry comes behind what followed it", flowtest.Reordered, func(h *history) {
		s, i := h.sink(func(s *flowtest.Place, i int) bool { return h.swappable(s, i) > 0 })
		f := s.Records[i]
		s.Records = append(slices.Delete(s.Records, i, i+1), f)
	}, false},
	{"all comes backwards", flowtest.Reordered, func(h *history) { s, _ := h.sink(nil); slices.Reverse(s.Records) }, false},
	{"written and a dead letter as well", flowtest.Twofold, func(h *history) {
		s, i := h.sink(nil)
		r := h.record(s.Records[i].ID)
		h.branch.Dead[0].Records = append(h.branch.Dead[0].Records, flowtest.Found{ID: r.ID, Data: r.Data})
	}, false},
	{"written and counted as dropped", flowtest.Twofold, func(h *history) {
		s, i := h.sink(nil)
		h.branch.Drops = append(h.branch.Drops, s.Records[i].ID)
	}, false},
	{"written to both sinks", flowtest.Twofold, func(h *history) {
		r := func() flowtest.Found {
			s := &h.branch.Sinks[0]
			return s.Records[len(s.Records)-1]
		}()
		h.branch.Sinks[1].Records = append(h.branch.Sinks[1].Records, r)
	}, false},
	{"a filter lets one through", flowtest.Misrouted, func(h *history) {
		r := h.records[slices.IndexFunc(h.records, func(r flowtest.Record) bool { return !h.branch.Wants(r) })]
		h.branch.Sinks[0].Records = append(h.branch.Sinks[0].Records, flowtest.Found{ID: r.ID, Data: h.branch.Becomes(r)})
	}, false},
	{"a record is written twice", flowtest.Repeated, func(h *history) {
		s, i := h.sink(nil)
		s.Records = append(s.Records, s.Records[i])
	}, true},
	{"a batch is written again", flowtest.Repeated, func(h *history) {
		s, i := h.sink(nil)
		s.Records = append(s.Records, slices.Clone(s.Records[i:min(i+10, len(s.Records))])...)
	}, true},
	{"a dead letter is written twice", flowtest.Repeated, func(h *history) {
		d := &h.branch.Dead[0]
		d.Records = append(d.Records, d.Records[0])
	}, true},
}

// A right history is never found wrong, and each corruption always, as what it is.
func TestMutations(t *testing.T) {
	caught := 0
	for seed := range uint64(30) {
		for _, g := range []flowtest.Guarantee{flowtest.AtLeastOnce, flowtest.EffectivelyOnce} {
			if v := flowtest.Judge(rightHistory(t, seed, g).ledger, rightHistory(t, seed, g).branch); !v.OK() {
				t.Fatalf("seed %d: a right history:\n%s", seed, v)
			}
			for _, c := range corruptions {
				h := rightHistory(t, seed, g)
				c.corrupt(h)
				v := flowtest.Judge(h.ledger, h.branch)
				switch {
				case c.strict && g == flowtest.AtLeastOnce:
					if !v.OK() {
						t.Errorf("seed %d, %s at least once: %s", seed, c.name, v)
					}
				case v.Count(c.class) == 0:
					t.Errorf("seed %d, %s: not found as %s:\n%s", seed, c.name, c.class, v)
				default:
					caught++
				}
			}
		}
	}
	t.Logf("%d corruptions of %d kinds were caught", caught, len(corruptions))
}
