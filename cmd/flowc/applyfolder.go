package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// paths are the arguments, folders apart.
func (c *applyCmd) paths() (files, folders []string, err error) {
	all := append(append([]string(nil), c.Paths...), c.File...)
	if len(all) == 0 {
		return []string{""}, nil, nil
	}
	for _, path := range all {
		if !isFolder(path) {
			files = append(files, path)
			continue
		}
		found, err := pipelinesIn(path)
		if err != nil {
			return nil, nil, err
		}
		abs, err := filepath.Abs(path)
		if err != nil {
			return nil, nil, environment(err)
		}
		files, folders = append(files, found...), append(folders, abs)
	}
	return files, folders, nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// pipelinesIn are the pipelines in a folder and those below it: pipeline.yaml and
// *.flow.yaml, as JSON and CUE too.
func pipelinesIn(folder string) (all []string, err error) {
	err = filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		name := d.Name()
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != folder && (strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || slices.Contains([]string{"testdata", "vendor", "node_modules"}, name)):
			return filepath.SkipDir
		case d.IsDir(), !slices.Contains([]string{".yaml", ".yml", ".json", ".cue"}, filepath.Ext(name)):
			return nil
		}
		stem := strings.TrimSuffix(name, filepath.Ext(name))
		if stem == "pipeline" || strings.HasSuffix(stem, ".flow") {
			all = append(all, path)
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, environment(err)
	case len(all) == 0:
		return nil, usage(fmt.Errorf("there is no pipeline in %s: they are called pipeline.yaml or NAME.flow.yaml", folder))
	}
	return all, nil
}
