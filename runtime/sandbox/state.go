package sandbox

import "time"

// A Phase is a part of the life of a sandbox, or of what is in it.
type Phase string

// The phases.
const (
	Starting Phase = "starting"
	Ready    Phase = "ready"    // of a program: it runs
	Failed   Phase = "failed"   // it could not be started, or does not live
	Stopping Phase = "stopping" // it was told to end
	Ended    Phase = "ended"    // in order
	Killed   Phase = "killed"   // the process that served it is gone, and could say nothing
)

// A State is how a sandbox does.
type State struct {
	Phase Phase `json:"phase"`
	// PID is the process that serves it; who holds the lock has it.
	PID   int       `json:"pid,omitempty"`
	Since time.Time `json:"since"`
	// Says is why it failed.
	Says     string   `json:"says,omitempty"`
	Services []Status `json:"services"`
	Program  *Status  `json:"program,omitempty"`
}

// A Status is how one service does, or the program.
type Status struct {
	Name  string    `json:"name"`
	Kind  string    `json:"kind"`
	Phase Phase     `json:"phase"`
	Since time.Time `json:"since"`
	// Address is where it is reached, Says why it is not.
	Address  string `json:"address,omitempty"`
	Says     string `json:"says,omitempty"`
	Restarts int    `json:"restarts,omitempty"`
}

// Look is how the sandbox of a folder does: what its process wrote last, or, where there is
// no such process any more, that it ended. It is nil where there never was one.
func Look(f Folder) (*State, error) {
	held, err := f.Held()
	if err != nil {
		return nil, err
	}
	s, err := f.State()
	if err != nil || s == nil {
		return nil, err
	}
	if held {
		return s, nil
	}
	s.PID = 0
	if s.Phase != Ended && s.Phase != Failed {
		s.Phase = Killed
	}
	for i := range s.Services {
		s.Services[i].over(s.Phase)
	}
	if s.Program != nil {
		s.Program.over(s.Phase)
	}
	return s, nil
}

// over is what is left of a status when nobody serves the sandbox.
func (s *Status) over(phase Phase) {
	if s.Phase != Failed && s.Phase != Ended {
		s.Phase = phase
	}
}
