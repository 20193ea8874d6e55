//go:build !unix

package runs

import "os"

// supported tells whether runs are listed on this system.
const supported = false

func hold(string) (*os.File, error) { return nil, ErrUnsupported }
