package jsonscan

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// unread is a scanner of records in which nobody looks into "z".
func unread() *Object { return NewObject([]Field{{Name: "a", Index: 0}}) }

// sameAsSkipped has o go through a container, and compares with skipContainer.
func sameAsSkipped(t *testing.T, o *Object, to *node, container string) {
	t.Helper()
	line := []byte(container)
	wantEnd, wantErr := skipContainer(line, 0, 1)
	end, err := o.container(line, 0, to)
	if fmt.Sprint(err) != fmt.Sprint(wantErr) || err == nil && end != wantEnd {
		t.Fatalf("%q: %d, %v; want %d, %v", container, end, err, wantEnd, wantErr)
	}
}

// containers are seeds, each of which looks like another one for a while.
var containers = []string{
	`{}`, `[]`, `{"a":1}`, `{"a":"x"}`, `{"a" : "x" }`, `["fx","api"]`, `["fx"]`, `["fx",1]`, `["fx",[1]]`, `["fx",{"a":1}]`, `["fx","a":1]`,
	`{"code":"XLM","issuer":"GABCDEFGHIJKLMNOPQRSTUVWXYZ234567"}`, `{"code":"XLM","issuer":null}`, `{"code":"XLM"}`, `{"code":{"issuer":"x"}}`,
	`[{"asset":"XLM","before":"1.5","after":"2"},{"asset":"BTC","before":"12","after":"2"}]`, `[{"asset":"XLM","before":"1.5","after":"2"}]`,
	`[{"asset":"XLM","before":"1.5","after":"2"},{"asset":"BTC","before":"12","after":"2"]]`, `[{"asset":"XLM","before":"1.5","after":"2"}`,
	`{"a":"}","b":"]"}`, `{"a":"\"}","b":"\\"}`, `{"a\"":"x","\\":"y"}`, `{"a":"x""b":"y"}`, `{"a":"x"1"b":"y"}`, `{"a"::"x"}`, `{,"a":"x"}`,
	`{"long":"0123456789abcdef0123456789abcdef"}`, `{"long":"0123456789abcdef\"123456789abcdef"}`, `{"long":"0123456789abcdef","x":"456789abcdef"}`,
	`{"a_key_that_is_longer_than_sixteen_bytes":"x"}`, `{"a_key_that_is_longer_than_sixteen_bytez":"x"}`, "{\"a\x00\":\"\x00\"}", `{"a":"`, `{"a`, `{"a":`, `{`,
	`[1,2,3,4,5,6,7,8,9,10,11,12]`, `{"y":Y_,"x":[_y]}`, strings.Repeat(`[`, 70) + `"x"` + strings.Repeat(`]`, 70),
}

func TestTrail(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 3))
	for _, set := range [][]string{containers, containers[5:16], containers[26:29]} {
		o := unread()
		to := o.member(o.start.level, []byte("z"))
		for range 20_000 {
			c := set[r.IntN(len(set))]
			switch at := r.IntN(len(c)); r.IntN(12) {
			case 0:
				c = c[:at] + c[at+1:]
			case 1:
				c = c[:at] + string(`{}[]",:\ 1`[r.IntN(10)]) + c[at:]
			case 2:
				c = c[:at] + string(`{}[]",:\ 1`[r.IntN(10)]) + c[at+1:]
			}
			if c != "" && c[0]|0x20 == '{' {
				sameAsSkipped(t, o, to, c)
			}
		}
	}
}

// FuzzTrail goes through containers with what others have taught. All that a
// verdict depends on is in its input, so that one that fails can be repeated.
func FuzzTrail(f *testing.F) {
	for i, c := range containers {
		f.Add(c, containers[(i+1)%len(containers)])
		f.Add(c, c)
	}
	f.Fuzz(func(t *testing.T, known, c string) {
		o := unread()
		to := o.member(o.start.level, []byte("z"))
		for _, c := range []string{known, c, c, known, c} { // learns, knows, knows another one
			if c != "" && c[0]|0x20 == '{' {
				sameAsSkipped(t, o, to, c)
			}
		}
	})
}

// TestTrailLeads shows that a container of a known kind is not looked through by
// its brackets any more.
func TestTrailLeads(t *testing.T) {
	o := unread()
	to := o.member(o.start.level, []byte("z"))
	for i := range 20 {
		sameAsSkipped(t, o, to, fmt.Sprintf(`[{"asset":"XLM","before":"%d","after":%d},{"asset":"BTC","before":"","after":null}]`, i, i))
	}
	for _, known := range []string{
		`[{"asset":"","before":"123456789012345678901234567890","after":true}]`,
		`[{"asset":"","before":"\\\"","after":true},{"asset":"","before":"","after":1},{"asset":"","before":"","after":-1e+5}]`,
	} {
		if end, ok := to.trail.through([]byte(known), 0); !ok || end != len(known) {
			t.Errorf("%s: %d, %v", known, end, ok)
		}
	}
}

// TestTrailLimits has keys that never come again: memory must not grow with
// them, and after a rest a kind of container that stays is learned.
func TestTrailLimits(t *testing.T) {
	o := unread()
	to := o.member(o.start.level, []byte("z"))
	for i := range 3 * restingFor {
		sameAsSkipped(t, o, to, fmt.Sprintf(`{"k%d":"x","l%d":["%d"]}`, i, i, i))
		if tr := to.trail; len(tr.places) > maxPlaces || tr.edges > maxTrailEdges {
			t.Fatalf("%d places, %d texts", len(tr.places), tr.edges)
		}
	}
	for range 2*restingFor + 2*trailTries {
		sameAsSkipped(t, o, to, `{"k":"x","l":["y"]}`)
	}
	if _, ok := to.trail.through([]byte(`{"k":"xx","l":["yy"]}`), 0); !ok {
		t.Error("a container that is always the same was not learned")
	}
}

// TestTrailOfNumbers shows that arrays of numbers are left to skipContainer.
func TestTrailOfNumbers(t *testing.T) {
	o := unread()
	to := o.member(o.start.level, []byte("z"))
	numbers := `[` + strings.Repeat("0.5,", 100) + `1]`
	for range 2 * trailTries {
		sameAsSkipped(t, o, to, numbers)
	}
	if to.trail.resting == 0 {
		t.Error("the numbers are gone through one by one")
	}
}
