package runs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/backends/deploy"
)

// answerTime is how long a program may take to say how it does; mostAnswer is how much it
// may say.
const (
	answerTime = 3 * time.Second
	mostAnswer = 8 << 20
)

// errStarts is the error of a program that can't be asked yet.
var errStarts = errors.New("it has just been started")

// Ask has the program of a folder say how it does.
func Ask(ctx context.Context, folder string) (*deploy.Figures, error) {
	address, err := os.ReadFile(filepath.Join(folder, addressFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errStarts
	}
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	c, err := (&net.Dialer{}).DialContext(ctx, "unix", string(address))
	if err != nil {
		return nil, err
	}
	defer c.Close()
	late, _ := ctx.Deadline()
	_ = c.SetDeadline(late)
	if _, err := io.WriteString(c, "GET /status HTTP/1.1\r\nHost: run\r\nConnection: close\r\n\r\n"); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(c, mostAnswer))
	if err != nil {
		return nil, err
	}
	head, body, found := strings.Cut(string(text), "\r\n\r\n")
	if !found || !strings.HasPrefix(head, "HTTP/1.1 200 ") {
		line, _, _ := strings.Cut(head, "\r\n")
		return nil, fmt.Errorf("the program answers %q", line)
	}
	f := &deploy.Figures{}
	if err := json.Unmarshal([]byte(body), f); err != nil {
		return nil, errors.Join(errors.New("what the program answers can't be read"), err)
	}
	return f, nil
}
