package manifest

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// processesKey is the option of all targets that has options for single processes.
const processesKey = "processes"

// OptionsOf are a target's options as one process of a pipeline has them: each that is
// said for it stands in place of the one for all. They are JSON; nil stays nil.
func OptionsOf(options []byte, process string) []byte {
	var all map[string]json.RawMessage
	var of map[string]map[string]json.RawMessage
	if len(options) == 0 || json.Unmarshal(options, &all) != nil || all[processesKey] == nil {
		return options
	}
	if err := json.Unmarshal(all[processesKey], &of); err != nil {
		panic("the schema of a target lets options of processes through that are none: " + err.Error())
	}
	delete(all, processesKey)
	maps.Copy(all, of[process])
	text, err := json.Marshal(all)
	if err != nil {
		panic(err) // it was JSON before
	}
	return text
}

// CheckProcesses refuses options for a process that the pipeline does not have.
func CheckProcesses(p *ir.Program, target string, options []byte) (list diag.List) {
	var o struct {
		Processes map[string]json.RawMessage `json:"processes"`
	}
	if len(options) == 0 || json.Unmarshal(options, &o) != nil {
		return nil
	}
	var known []string
	for _, part := range Parts(p) {
		if part.Process != "" {
			known = append(known, part.Process)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(o.Processes)) {
		at := OptionAt(p.TargetSpans, target, "", processesKey, name)
		switch {
		case slices.Contains(known, name):
		case len(known) == 0:
			list.Errorf(diag.TargetOption, at, "`%s` runs in one process", p.Name).Helpf("write the options of `%s` beside `processes`", name)
		default:
			d := list.Errorf(diag.TargetOption, at, "the pipeline has no process `%s`", name)
			if !d.Near(name, known) {
				d.Notef("`flowc explain` lists them")
			}
		}
	}
	return list
}
