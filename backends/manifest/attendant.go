package manifest

import (
	"path"
	"slices"
	"strconv"
)

// A component that is a container and is talked to by lines has nobody in it who would take
// the lines: its image is somebody else's. So the program itself is in it as well, as an
// attendant, which takes connections and starts the command for each. It gets there over a
// volume, into which the program's own image copies it before.
const (
	// AttendantDir is where the container of a component sees the attendant.
	AttendantDir  = "/flowc"
	attendantFile = "attendant"
	attendWord    = "attend"
)

// InstallAttendant is the command of a container of the program's image that copies the
// attendant to a folder.
func InstallAttendant(dir string) []string {
	return []string{attendWord, "--install", path.Join(dir, attendantFile)}
}

// attend has the attendant that is in a folder start the command of the component.
func (b *Beside) attend(dir string) {
	b.Args = slices.Concat([]string{attendWord, ":" + strconv.Itoa(b.Port)}, b.Entry, b.Args)
	b.Entry = []string{path.Join(dir, attendantFile)}
}

// Attends tells whether some of the components have an attendant.
func (a *App) Attends() bool {
	return slices.ContainsFunc(a.Beside, func(b Beside) bool { return b.Attended })
}

// serves tells whether some of the components serve themselves, and register with the program.
func (a *App) serves() bool {
	return slices.ContainsFunc(a.Beside, func(b Beside) bool { return !b.Attended })
}
