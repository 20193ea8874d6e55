package compile

import (
	"context"
	"os"
	"path/filepath"
)

// nodes is how many nodes the large pipeline has.
const nodes = 1000

// checkCold checks the large pipeline with an empty cache.
func (b *bench) checkCold(ctx context.Context) ([]float64, error) {
	return b.each(func(int) (float64, error) { return b.checked(ctx, large(0), nil) })
}

// checkEdited checks it again after a constant of one node was changed.
func (b *bench) checkEdited(ctx context.Context) ([]float64, error) {
	dir, err := b.folder("edited")
	if err != nil {
		return nil, err
	}
	check := func(edit int) (float64, error) { return b.check(ctx, dir, large(edit), nil) }
	if _, err := check(0); err != nil {
		return nil, err
	}
	return b.each(func(round int) (float64, error) { return check(round + 1) })
}

// checkPackages checks a pipeline whose nodes use ten Go packages of the user's.
func (b *bench) checkPackages(ctx context.Context) ([]float64, error) {
	return b.each(func(int) (float64, error) {
		return b.checked(ctx, withPackages(nodes), packages())
	})
}

// checked checks a pipeline in a folder of its own, with an empty cache.
func (b *bench) checked(ctx context.Context, pipeline string, files map[string]string) (float64, error) {
	dir, err := b.folder("check")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	return b.check(ctx, dir, pipeline, files)
}

// check writes a pipeline, with files beside it, and has it checked. The cache lies in
// the same folder; Go's own build cache stays the user's, as it is full on any machine
// that has built Go once.
func (b *bench) check(ctx context.Context, dir, pipeline string, files map[string]string) (float64, error) {
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return 0, err
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return 0, err
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "large.yaml"), []byte(pipeline), 0o644); err != nil {
		return 0, err
	}
	env := []string{"FLOWC_CACHE=" + filepath.Join(dir, "cache")}
	d, err := b.timed(ctx, dir, env, b.flowc, "check", "large.yaml")
	return d.Seconds(), err
}
