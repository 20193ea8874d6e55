package flows

// Keep is in the folder of the pipeline itself.
func Keep(in string) bool { return in != "" }
