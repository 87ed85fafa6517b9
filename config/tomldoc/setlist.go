package tomldoc

// setList makes a list of another, so that each element that stays keeps the
// comments that are its own: what is gone is removed, what stays is moved, and
// only what stands in the place of another is written over it.
func (d *Doc) setList(p Path, n *Node, list []any) error {
	old := n.Value().([]any)
	origin := origins(old, list)
	stays, err := d.removeOthers(p, len(old), origin)
	if err != nil {
		return err
	}
	if err := d.overwrite(p, stays, origin, list); err != nil {
		return err
	}
	if err := d.order(p, stays, origin); err != nil {
		return err
	}
	for i, from := range origin {
		if from >= 0 {
			continue
		}
		if err := d.splice(d.insertItem(d.find(p), i, encode(list[i]))...); err != nil {
			return err
		}
	}
	return nil
}

// origins gives for each element of list the index of the old element that it
// was, or that it replaces; -1 for none. It replaces the one that followed its
// neighbour, where that is gone.
func origins(old, list []any) []int {
	at := map[string][]int{} // where in old an element stands
	for i, v := range old {
		at[encode(v)] = append(at[encode(v)], i)
	}
	origin, taken := make([]int, len(list)), make([]bool, len(old))
	for i, v := range list {
		origin[i] = -1
		if same := at[encode(v)]; len(same) > 0 {
			origin[i], at[encode(v)], taken[same[0]] = same[0], same[1:], true
		}
	}
	follows := 0
	for i := range list {
		if origin[i] < 0 && follows >= 0 && follows < len(old) && !taken[follows] {
			origin[i], taken[follows] = follows, true
		}
		follows = origin[i] + 1
		if origin[i] < 0 {
			follows = -1
		}
	}
	return origin
}

// removeOthers removes the elements that nothing comes of and lists the others.
func (d *Doc) removeOthers(p Path, n int, origin []int) (stays []int, err error) {
	kept := make([]bool, n)
	for _, from := range origin {
		if from >= 0 {
			kept[from] = true
		}
	}
	for i := n - 1; i >= 0; i-- {
		if kept[i] {
			continue
		}
		if err := d.remove(p.child(i)); err != nil {
			return nil, err
		}
	}
	for i := range kept {
		if kept[i] {
			stays = append(stays, i)
		}
	}
	return stays, nil
}

// overwrite sets the elements that stay to what comes of them.
func (d *Doc) overwrite(p Path, stays, origin []int, list []any) error {
	place := map[int]int{}
	for i, from := range stays {
		place[from] = i
	}
	for i, from := range origin {
		if from < 0 {
			continue
		}
		if err := d.set(p.child(place[from]), list[i]); err != nil {
			return err
		}
	}
	return nil
}

// order moves the elements that stay to the order of those that come of them.
func (d *Doc) order(p Path, stays, origin []int) error {
	at := 0
	for _, from := range origin {
		if from < 0 {
			continue
		}
		k := at
		for stays[k] != from {
			k++
		}
		if k > at {
			if err := d.splice(d.moveItem(d.find(p), k, at)...); err != nil {
				return err
			}
			copy(stays[at+1:k+1], stays[at:k])
			stays[at] = from
		}
		at++
	}
	return nil
}
