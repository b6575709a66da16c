//! Where to point: at the place where shot and target meet.
//! Pure functions of positions and speeds, which know no bot; how well somebody aims is said elsewhere.

use glam::Vec2;

/// Time in seconds until a shot of `speed` meets a target that is `way` units off and moves with `velocity`; as long as
/// the straight way takes if it never does.
pub(super) fn meeting_s(way: Vec2, velocity: Vec2, speed: f32) -> f32 {
    let a = speed * speed - velocity.length_squared();
    let b = way.dot(velocity);
    let c = way.length_squared();
    let root = b * b + a * c;
    if a > 1.0 && root >= 0.0 { (b + root.sqrt()) / a } else { c.sqrt() / speed.max(1.0) }
}

/// The way to point from here: at the target's place when the shot is there, or only a share `lead` of that.
pub(super) fn ahead(way: Vec2, velocity: Vec2, (speed, lead): (f32, f32)) -> Vec2 {
    way + velocity * meeting_s(way, velocity, speed) * lead
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shot_and_target_are_at_one_place_at_one_time() {
        for (way, velocity) in [
            (Vec2::new(300.0, 0.0), Vec2::new(0.0, 200.0)),
            (Vec2::new(-200.0, 150.0), Vec2::new(120.0, 90.0)),
            (Vec2::new(10.0, 400.0), Vec2::ZERO),
        ] {
            let time_s = meeting_s(way, velocity, 480.0);
            let meet = ahead(way, velocity, (480.0, 1.0));
            assert!((meet.length() - 480.0 * time_s).abs() < 0.1, "{way} {velocity}");
        }
    }

    #[test]
    fn what_is_never_met_is_aimed_at_straight() {
        let time_s = meeting_s(Vec2::new(100.0, 0.0), Vec2::new(600.0, 0.0), 480.0);
        assert!((time_s - 100.0 / 480.0).abs() < 1e-3);
    }
}
