package program

import "runtime/debug"

// smallestMemory is what the garbage collector gets at least: below it, it would
// run all the time.
const smallestMemory = 64 << 20

// limitMemory sets the collector's soft limit by the bound that the compiler
// computed, unless the user set one. It is a quarter below: the program's code does
// not count for it, and large buffers are made while the collector still runs.
func limitMemory(env environment, bound int64) {
	if _, set := env.lookup("GOMEMLIMIT"); set || bound <= 0 {
		return
	}
	debug.SetMemoryLimit(max(bound-bound/4, smallestMemory))
}

// A sized value is a size in bytes.
type sized interface{ bytes() (n int64, isSize bool) }

func (v value[T]) bytes() (int64, bool) {
	switch n := any(*v.at).(type) {
	case int64:
		return n, v.typ == "size"
	case int:
		return int64(n), v.typ == "size"
	}
	return 0, false
}

// sizes are the settings that are sizes, by their keys.
func sizes(s *Spec) map[string]int64 {
	all := map[string]int64{}
	for _, t := range s.Settings {
		if v, ok := t.Set.(sized); ok {
			if n, ok := v.bytes(); ok {
				all[t.Key] = n
			}
		}
	}
	return all
}

// grown tells whether a size has become larger than it is in the pipeline, by
// --set or by what it is taken from: then the compiler's bound does not count all
// of it, and a limit below would keep the collector at work all the time.
func grown(s *Spec, before map[string]int64) bool {
	for key, n := range sizes(s) {
		if n > before[key] {
			return true
		}
	}
	return false
}
