package foreign

import (
	"os"
	"path/filepath"
	"strings"
)

// folderVariable names the folder that has the files of commands. An image has them in one
// of its own, since the folder in which the program works there holds its state.
const folderVariable = "FLOWC_COMPONENTS"

// Command is a command as it is started: a path that is relative to the pipeline is, where
// the environment names the folder of the commands' files, relative to that.
func Command(command []string) []string {
	folder := os.Getenv(folderVariable) //nolint:forbidigo // what its image says, which is no setting of a node
	if folder == "" || len(command) == 0 || filepath.IsAbs(command[0]) || !strings.ContainsRune(command[0], '/') {
		return command
	}
	return append([]string{filepath.Join(folder, command[0])}, command[1:]...)
}
