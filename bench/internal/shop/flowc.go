package shop

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Flowc builds the compiler from the module above this one.
func (s *Shop) Flowc(ctx context.Context) (string, error) {
	return s.once("flowc", func() (string, error) {
		out := filepath.Join(s.Dir, "flowc")
		s.Log("building flowc")
		if err := s.run(ctx, filepath.Dir(s.Bench), nil, "go", "build", "-o", out, "./cmd/flowc"); err != nil {
			return "", &Absent{"not built: " + firstLine(err.Error())}
		}
		return out, nil
	})
}

// Pipeline has flowc build pipelines/<name>.yaml, with overlays of the same folder
// (by their names), and gives the program's path.
func (s *Shop) Pipeline(ctx context.Context, name string, overlays ...string) (string, error) {
	flowc, err := s.Flowc(ctx)
	if err != nil {
		return "", err
	}
	variant := strings.Join(append([]string{name}, overlays...), "+")
	return s.once("pipeline "+variant, func() (string, error) {
		dir := filepath.Join(s.Dir, "pipelines", variant)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return "", err
		}
		folder := filepath.Join(s.Bench, "pipelines")
		argv := []string{flowc, "build", filepath.Join(folder, name+".yaml"), "-o", dir}
		for _, overlay := range overlays {
			argv = append(argv, "--overlay", filepath.Join(folder, overlay+".yaml"))
		}
		s.Log("flowc build %s", variant)
		if err := s.run(ctx, s.Bench, nil, argv...); err != nil {
			return "", &Absent{"not built: " + firstLine(err.Error())}
		}
		program := filepath.Join(dir, name)
		if _, err := os.Stat(program); err != nil {
			return "", &Absent{fmt.Sprintf("not built: flowc build gave no program %s", name)}
		}
		return program, nil
	})
}

// Memory gives how many bytes the program of pipelines/<name>.yaml holds at most, as
// `flowc explain` says.
func (s *Shop) Memory(ctx context.Context, name string) (int64, error) {
	flowc, err := s.Flowc(ctx)
	if err != nil {
		return 0, err
	}
	text, err := exec.CommandContext(ctx, flowc, "explain", filepath.Join(s.Bench, "pipelines", name+".yaml"), "--format", "json").Output()
	if err != nil {
		return 0, fmt.Errorf("flowc explain %s: %w", name, err)
	}
	var explained struct {
		Result struct {
			Memory struct{ Bytes int64 }
		}
	}
	if err := json.Unmarshal(text, &explained); err != nil {
		return 0, fmt.Errorf("flowc explain %s: %w", name, err)
	}
	if explained.Result.Memory.Bytes == 0 {
		return 0, fmt.Errorf("flowc explain %s says nothing of memory", name)
	}
	return explained.Result.Memory.Bytes, nil
}
