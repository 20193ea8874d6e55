package backends

import "strings"

// ProcessReasons are what a target makes of one process of a pipeline.
type ProcessReasons struct {
	// Process is its name, "" for all of a pipeline.
	Process string
	Reasons []Reason
}

// Together is what a target makes of a pipeline: what is so of all processes once, and
// what is so of some with their names before it. Subjects are in the order in which they
// come up.
func Together(processes []ProcessReasons) []Reason {
	if len(processes) == 1 {
		return processes[0].Reasons
	}
	var subjects []string
	of := map[string]map[string][]string{} // by subject and sentence, the processes
	order := map[string][]string{}
	for _, p := range processes {
		for _, r := range p.Reasons {
			if of[r.Subject] == nil {
				of[r.Subject] = map[string][]string{}
				subjects = append(subjects, r.Subject)
			}
			if of[r.Subject][r.Says] == nil {
				order[r.Subject] = append(order[r.Subject], r.Says)
			}
			of[r.Subject][r.Says] = append(of[r.Subject][r.Says], p.Process)
		}
	}
	var all []Reason
	for _, subject := range subjects {
		for _, says := range order[subject] {
			names := of[subject][says]
			if len(names) < len(processes) {
				says = strings.Join(names, ", ") + ": " + says
			}
			all = append(all, Reason{subject, says})
		}
	}
	return all
}
