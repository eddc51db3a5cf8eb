//! The scripts: what has to be atomic. Each touches keys of one hash slot only.

use std::sync::LazyLock;

use redis::Script;

macro_rules! scripts {
    ($($name:ident = $file:literal;)*) => {
        $(pub(crate) static $name: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!($file)));)*
    };
}

scripts! {
    SWAP = "lua/swap.lua";
    ENTER = "lua/enter.lua";
    POSTPONE = "lua/postpone.lua";
    APPEND = "lua/append.lua";
    SINCE = "lua/since.lua";
    BEGIN = "lua/begin.lua";
    ANEW = "lua/anew.lua";
    ADVANCE = "lua/advance.lua";
    FORGET = "lua/forget.lua";
}
