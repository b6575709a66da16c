//! What is held of many things that have an id: a sorted list. The few dozen of them that anybody holds are found, walked
//! and copied faster in one piece of memory than in a tree, and the browser's client need not load the code of trees.

/// Values by their ids, in the order of the ids. Taking one in costs the moving of those above it: next to nothing for
/// the newest id, which is the common case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ById<K, V> {
    rows: Vec<(K, V)>,
}

impl<K, V> Default for ById<K, V> {
    fn default() -> Self {
        ById { rows: Vec::new() }
    }
}

impl<K: Ord + Copy, V> ById<K, V> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Drops all.
    pub fn clear(&mut self) {
        self.rows.clear();
    }

    /// What `id` has.
    pub fn get(&self, id: &K) -> Option<&V> {
        self.find(id).ok().and_then(|at| self.rows.get(at)).map(|(_, value)| value)
    }

    /// What `id` has, to be changed.
    pub fn get_mut(&mut self, id: &K) -> Option<&mut V> {
        self.find(id).ok().and_then(|at| self.rows.get_mut(at)).map(|(_, value)| value)
    }

    /// Whether `id` has something.
    pub fn contains_key(&self, id: &K) -> bool {
        self.find(id).is_ok()
    }

    /// Gives `id` a value in place of the one that it may have.
    pub fn insert(&mut self, id: K, value: V) {
        match self.find(&id) {
            Ok(at) => {
                if let Some(row) = self.rows.get_mut(at) {
                    row.1 = value;
                }
            }
            Err(at) => self.rows.insert(at, (id, value)),
        }
    }

    /// Takes away what `id` has.
    pub fn remove(&mut self, id: &K) -> Option<V> {
        self.find(id).ok().map(|at| self.rows.remove(at).1)
    }

    /// Keeps only those that `keep` says yes to.
    pub fn retain(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        self.rows.retain_mut(|(id, value)| keep(id, value));
    }

    /// All, in the order of ids.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> + Clone {
        self.rows.iter().map(|(id, value)| (id, value))
    }

    /// All, in the order of ids, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&K, &mut V)> {
        self.rows.iter_mut().map(|(id, value)| (&*id, value))
    }

    /// All ids, in their order.
    pub fn keys(&self) -> impl Iterator<Item = &K> + Clone {
        self.rows.iter().map(|(id, _)| id)
    }

    /// All values, in the order of ids.
    pub fn values(&self) -> impl Iterator<Item = &V> + Clone {
        self.rows.iter().map(|(_, value)| value)
    }

    /// All values, in the order of ids, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.rows.iter_mut().map(|(_, value)| value)
    }

    fn find(&self, id: &K) -> Result<usize, usize> {
        self.rows.binary_search_by(|(other, _)| other.cmp(id))
    }
}

/// Of two with the same id the later one stays.
impl<K: Ord + Copy, V> FromIterator<(K, V)> for ById<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(rows: I) -> Self {
        let mut all = ById::default();
        rows.into_iter().for_each(|(id, value)| all.insert(id, value));
        all
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Act {
        Insert(u8, u16),
        Remove(u8),
        Keep(u8),
    }

    fn act() -> impl Strategy<Value = Act> {
        prop_oneof![
            (0..20u8, any::<u16>()).prop_map(|(id, value)| Act::Insert(id, value)),
            (0..20u8).prop_map(Act::Remove),
            (0..4u8).prop_map(Act::Keep),
        ]
    }

    proptest! {
        #[test]
        fn it_holds_what_a_tree_holds(acts in prop::collection::vec(act(), 0..60)) {
            let (mut rows, mut tree) = (ById::default(), BTreeMap::new());
            for act in acts {
                match act {
                    Act::Insert(id, value) => {
                        rows.insert(id, value);
                        tree.insert(id, value);
                    }
                    Act::Remove(id) => prop_assert_eq!(rows.remove(&id), tree.remove(&id)),
                    Act::Keep(rest) => {
                        rows.retain(|id, _| id % 4 != rest);
                        tree.retain(|id, _| id % 4 != rest);
                    }
                }
                prop_assert!(rows.iter().eq(tree.iter()));
                prop_assert!((0..20).all(|id| rows.get(&id) == tree.get(&id)));
            }
            prop_assert_eq!(tree.into_iter().rev().collect::<ById<u8, u16>>(), rows);
        }
    }
}
