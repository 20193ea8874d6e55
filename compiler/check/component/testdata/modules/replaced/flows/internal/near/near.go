package near

import "example.com/replaced/internal/shared"

func Keep(in string) bool { return shared.Keep(in) }
