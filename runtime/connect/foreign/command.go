package foreign

import (
	"os"
	"path/filepath"
	"strings"
)

// folderVariable names the folder that has the files of commands. An image has them in one
// of its own, since the folder in which the program works there holds its state.
const folderVariable = "FLOWC_COMPONENTS"

// broughtVariable names the folder of the components that flowc has brought for the program
// that it runs; broughtPrefix begins their commands.
const (
	broughtVariable = "FLOWC_BROUGHT"
	broughtPrefix   = "@components/"
	besideProgram   = "components"
)

// Command is a command as it is started: a path that is relative to the pipeline is, where
// the environment names the folder of the commands' files, relative to that, and where its
// file was installed beside the program, that one. A component that flowc has brought lies
// where the environment says, or beside the program.
func Command(command []string) []string {
	folder := os.Getenv(folderVariable) //nolint:forbidigo // what its image says, which is no setting of a node
	if len(command) > 0 && strings.HasPrefix(command[0], broughtPrefix) {
		return append([]string{brought(command[0][len(broughtPrefix):], folder)}, command[1:]...)
	}
	if len(command) == 0 || filepath.IsAbs(command[0]) || !strings.ContainsRune(command[0], '/') {
		return command
	}
	if folder == "" {
		folder = besideFolder()
		if folder == "" {
			return command
		}
		if _, err := os.Stat(filepath.Join(folder, command[0])); err != nil {
			return command
		}
	}
	return append([]string{filepath.Join(folder, command[0])}, command[1:]...)
}

// besideFolder is the folder of components beside the program, "" where nobody knows it.
func besideFolder() string {
	program, err := os.Executable()
	if err != nil {
		return ""
	}
	return filepath.Join(filepath.Dir(program), besideProgram)
}

// brought is the file of a component that flowc has brought. Where it is nowhere, that is
// the place beside the program, of which the failed start then speaks.
func brought(name, folder string) string {
	var last string
	for _, f := range []string{os.Getenv(broughtVariable), folder, besideFolder()} { //nolint:forbidigo // what flowc or its image says
		if f == "" {
			continue
		}
		last = filepath.Join(f, name)
		if _, err := os.Stat(last); err == nil {
			break
		}
	}
	return last
}
