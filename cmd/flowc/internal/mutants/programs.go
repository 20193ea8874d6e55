package mutants

// programs are mutants of the program around the engine.
var programs = []Mutant{
	{
		Name: "a program whose transaction is lost ends",
		File: "runtime/program/attempts.go",
		Old:  "if !errors.As(err, &back) {",
		New:  "if !errors.As(err, &back) || err != nil {",
	},
	{
		Name: "a program that goes back begins anew",
		File: "runtime/program/attempts.go",
		Near: "runtime/program TestLostTransactionBehindACheckpoint",
		Old:  "o.Fresh = false // what",
		New:  "o.Fresh = true // what",
	},
	{
		Name: "a program that was cut short ends with 0",
		File: "runtime/program/exit.go",
		Near: "runtime/program TestSignals",
		Old:  "case err == nil && r != nil && r.Ending == flow.CutShort:",
		New:  "case err == nil && r == nil && r.Ending == flow.CutShort:",
	},
	{
		Name: "a drain that took too long ends with 0",
		File: "runtime/program/exit.go",
		Near: "runtime/program TestDrainDeadline",
		Old:  "case errors.Is(err, flow.ErrDrain):\n\t\treturn exitDied",
		New:  "case errors.Is(err, flow.ErrDrain):\n\t\treturn exitOK",
	},
	{
		Name: "a second copy ends as if all were well",
		File: "runtime/program/exit.go",
		Near: "runtime/program TestCheckpointCommands",
		Old:  "case errors.As(err, &environment), errors.As(err, &locked), errors.As(err, &state):\n\t\treturn exitEnvironment",
		New:  "case errors.As(err, &environment), errors.As(err, &locked), errors.As(err, &state):\n\t\treturn exitOK",
	},
	{
		Name: "the second signal is not heard",
		File: "runtime/program/main.go",
		Near: "runtime/program TestSecondSignal",
		Old:  "p.exit(exitOfSignal(second))",
		New:  "_ = exitOfSignal(second)",
	},
	{
		Name: "rewinding to the start leaves the sources where they are",
		File: "runtime/flow/state.go",
		Near: "runtime/program TestCheckpointCommands",
		Old:  "c.Sources[source] = SourceState{Splits: splits}",
		New:  "c.Sources[source] = SourceState{Splits: c.Sources[source].Splits}",
	},
	{
		Name: "a checkpoint that is edited is saved though a copy runs",
		File: "runtime/flow/state.go",
		Near: "runtime/flow TestStateInCells",
		Old:  "case locked:",
		New:  "case locked && p.store == nil:",
	},
	{
		Name: "a supervisor is told that a program is ready which is not",
		File: "runtime/program/notify.go",
		Near: "runtime/program TestSupervisorWaits",
		Old:  "if err == nil {\n\t\t\tbreak",
		New:  "if err == nil || said != \"\" {\n\t\t\tbreak",
	},
}
