// Package flowtest proves what pipelines and connectors promise, against the
// servers, disks and databases that they run on.
//
// The judge is the part that all else stands on. A producer notes in a Ledger what
// it has sent and what was accepted; when the faults are over, Judge looks at what
// is in the sinks, the dead letters and the declared drops, and says which promise
// was broken and by which records.
//
// It needs the standard library and the engine's interfaces alone, and knows
// nothing of how flowc keeps its promises: only what they are.
package flowtest
