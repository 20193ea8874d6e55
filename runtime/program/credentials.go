package program

import "path/filepath"

// secretPath is where a file of secrets is read: the supervisor's credential of its base
// name, where it gave one, else its own path. systemd puts the credentials of a unit into
// a folder that nobody else can read, and names it in the environment.
func (e environment) secretPath(path string) string {
	dir, _ := e.lookup("CREDENTIALS_DIRECTORY")
	if dir == "" {
		return path
	}
	credential := filepath.Join(dir, filepath.Base(path))
	if _, err := e.readFile(credential); err != nil {
		return path
	}
	return credential
}
