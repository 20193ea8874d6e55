package compile

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/flowc-dev/flowc/bench/internal/data"
)

// edited writes W2 with another limit, so that no cache has its program, and gives
// the file's path.
func (b *bench) edited(limit int) (string, error) {
	text, err := os.ReadFile(filepath.Join(b.Shop.Bench, "pipelines", "w2.yaml"))
	if err != nil {
		return "", err
	}
	const was = "in.Amount > 100"
	if !strings.Contains(string(text), was) {
		return "", fmt.Errorf("w2.yaml has no %q to edit", was)
	}
	dir, err := b.folder("w2")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "w2.yaml")
	return path, os.WriteFile(path, []byte(strings.Replace(string(text), was, fmt.Sprintf("in.Amount > %d", limit), 1)), 0o644)
}

// build has flowc build W2 after an edit, with everything else cached.
func (b *bench) build(ctx context.Context) ([]float64, error) {
	once := func(limit int) (float64, error) {
		path, err := b.edited(limit)
		if err != nil {
			return 0, err
		}
		d, err := b.timed(ctx, filepath.Dir(path), nil, b.flowc, "build", path, "-o", filepath.Join(filepath.Dir(path), "bin"))
		return d.Seconds(), err
	}
	if _, err := once(1000); err != nil { // fills the caches
		return nil, err
	}
	return b.each(func(round int) (float64, error) { return once(1001 + round) })
}

// goBuild has the go command build what flowc emits for W2, after another edit.
func (b *bench) goBuild(ctx context.Context) ([]float64, error) {
	once := func(limit int) (float64, error) {
		path, err := b.edited(limit)
		if err != nil {
			return 0, err
		}
		dir := filepath.Join(filepath.Dir(path), "go")
		if _, err := b.timed(ctx, filepath.Dir(path), nil, b.flowc, "emit", path, "--target", "go", "-o", dir); err != nil {
			return 0, err
		}
		env := []string{"CGO_ENABLED=0", "GOWORK=off"}
		d, err := b.timed(ctx, dir, env, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", filepath.Join(filepath.Dir(path), "program"), ".")
		return d.Seconds(), err
	}
	if _, err := once(2000); err != nil {
		return nil, err
	}
	return b.each(func(round int) (float64, error) { return once(2001 + round) })
}

// size gives the size of W2's program.
func (b *bench) size(ctx context.Context) ([]float64, error) {
	path, err := b.Shop.Pipeline(ctx, "w2")
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	return []float64{float64(info.Size())}, nil
}

// secondRun gives what `flowc run` takes beyond the program that it runs, once it has
// been built, over a few events.
func (b *bench) secondRun(ctx context.Context) ([]float64, error) {
	program, err := b.Shop.Pipeline(ctx, "w2")
	if err != nil {
		return nil, err
	}
	dir, err := b.folder("run")
	if err != nil {
		return nil, err
	}
	input := filepath.Join(dir, "events.ndjson")
	if err := data.Payments(input, 10); err != nil {
		return nil, err
	}
	env := []string{"FLOWC_STATE=" + filepath.Join(dir, "state")}
	settings := []string{"--set", "events.config.path=" + input, "--set", "out.config.path=" + filepath.Join(dir, "out.ndjson")}
	pipeline := filepath.Join(b.Shop.Bench, "pipelines", "w2.yaml")
	flowcRun := append([]string{b.flowc, "run", pipeline}, settings...)
	if _, err := b.timed(ctx, dir, env, flowcRun...); err != nil { // builds
		return nil, err
	}
	return b.each(func(int) (float64, error) {
		alone, err := b.timed(ctx, dir, env, append([]string{program}, settings...)...)
		if err != nil {
			return 0, err
		}
		through, err := b.timed(ctx, dir, env, flowcRun...)
		return (through - alone).Seconds(), err
	})
}
