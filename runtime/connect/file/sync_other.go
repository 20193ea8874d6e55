//go:build !unix

package file

// isNoSync: a file here can always be made durable.
func isNoSync(error) bool { return false }

// syncDir does nothing: the system makes renames durable itself.
func syncDir(string) error { return nil }
