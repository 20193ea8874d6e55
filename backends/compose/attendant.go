package compose

import (
	"fmt"

	"github.com/flowc-dev/flowc/backends/manifest"
)

// LabelAttendant is on the service that is run to its end before all others: it puts the
// attendant where the containers of components see it.
const LabelAttendant = "dev.flowc.attendant"

// attendantName is that service, and the volume that it fills.
func (u *unit) attendantName() string { return u.app.Name + "-attendant" }

// attendant is the program's image, which copies its program to the volume. The folder of
// the image in which the program works is its user's, and so is a new volume there.
func (u *unit) attendant() *Service {
	s := &Service{
		Image: literal(u.app.Image), Command: manifest.InstallAttendant(manifest.WorkDir), PullPolicy: u.options.PullPolicy,
		Profiles: u.profiles(), Restart: "no", StopSignal: "SIGTERM", StopGracePeriod: "1s",
		User: fmt.Sprintf("%d:%d", manifest.User, manifest.Group), ReadOnly: true,
		CapDrop: []string{"ALL"}, SecurityOpt: []string{"no-new-privileges:true"},
		Environment: map[string]string{}, Tmpfs: []string{manifest.TempDir + ":size=64m,mode=1777"},
		Volumes:  []Mount{{Type: "volume", Source: u.attendantName(), Target: manifest.WorkDir}},
		Networks: u.joined(),
		Deploy:   Deploy{Resources: Resources{Limits: Limits{Pids: pids}}}, Logging: u.logging(), Labels: u.labels(),
	}
	s.Labels[LabelComponent], s.Labels[LabelAttendant] = attendantWord, attendantWord
	return s
}

const attendantWord = "attendant"

// attended gives the service of a component the attendant.
func (u *unit) attended(s *Service) {
	s.Volumes = append(s.Volumes, Mount{Type: "volume", Source: u.attendantName(), Target: manifest.AttendantDir, ReadOnly: true})
	s.DependsOn = map[string]Dependency{u.attendantName(): {Condition: "service_completed_successfully"}}
}
