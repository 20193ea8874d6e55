package main

// An event is what the stages change.
type event struct {
	N, Sum int64
	Even   bool
}

// source makes the i-th event.
func source(i int64) event { return event{N: i} }

// The ten stages: seven change the event, three drop a few. Each is a function on
// its own, as the stages of a pipeline are; what differs is how they are joined.

func s1(e event) (event, bool)  { e.Sum = e.N + 1; return e, true }
func s2(e event) (event, bool)  { e.Sum += e.N * 3; return e, true }
func s3(e event) (event, bool)  { return e, e.N%1000 != 7 }
func s4(e event) (event, bool)  { e.Even = e.Sum&1 == 0; return e, true }
func s5(e event) (event, bool)  { e.Sum ^= e.N << 1; return e, true }
func s6(e event) (event, bool)  { return e, e.Sum != 12 }
func s7(e event) (event, bool)  { e.N += 5; return e, true }
func s8(e event) (event, bool)  { e.Sum -= e.N; return e, true }
func s9(e event) (event, bool)  { return e, e.Even || e.N%100 != 3 }
func s10(e event) (event, bool) { e.Sum = e.Sum*2 + 1; return e, true }

var stages = [...]func(event) (event, bool){s1, s2, s3, s4, s5, s6, s7, s8, s9, s10}

// kept is where results go, so that no compiler may leave out the work for them.
var kept int64
