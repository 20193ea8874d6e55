package oracle

import "math/rand/v2"

// A random makes the choices of a case. All of them come from its seed.
type random struct{ *rand.Rand }

func newRandom(seed uint64) *random { return &random{rand.New(rand.NewPCG(seed, 0x666c6f7763))} }

// n is a number below n.
func (r *random) n(n int) int { return r.IntN(n) }

// one tells, once in n times.
func (r *random) one(n int) bool { return r.IntN(n) == 0 }

// between is a number from lo to hi.
func (r *random) between(lo, hi int) int { return lo + r.IntN(hi-lo+1) }

func choose[T any](r *random, list ...T) T { return list[r.n(len(list))] }
