//! Words that say nothing about what is asked. They are taken like terms, without English: they do not count as unknown, and
//! no term is found inside them.

use std::{collections::HashSet, sync::LazyLock};

/// Syllables of the longest Korean ending listed.
pub(super) const MAX_ENDING: usize = 5;

/// Whether Hangul syllables are a frequent particle or ending of Korean. One hash look-up.
pub(super) fn is_ending(syllables: &[char]) -> bool {
    static ALL: LazyLock<HashSet<[char; MAX_ENDING]>> = LazyLock::new(|| {
        let key = |ending: &str| key(&ending.chars().collect::<Vec<_>>());
        ENDINGS.split_whitespace().filter_map(key).collect()
    });
    !syllables.is_empty() && key(syllables).is_some_and(|key| ALL.contains(&key))
}

fn key(syllables: &[char]) -> Option<[char; MAX_ENDING]> {
    let mut key = ['\0'; MAX_ENDING];
    key.get_mut(..syllables.len())?.copy_from_slice(syllables);
    Some(key)
}

/// Particles of nouns, forms of 하다 and 되다, endings of verbs and adjectives.
pub(super) const ENDINGS: &str = "
가 이 은 는 을 를 의 에 에게 에서 에서는 에서도 에서의 에는 에도 에만 으로 로 으로는 로는 으로도 로도 로만 으로만 로서 으로서 로써 으로써
로부터 으로부터 부터 까지 까지만 와 과 와의 과의 도 만 만의 나 이나 라 이라 란 이란 라는 이라는 라고 이라고 라면 이라면 든지 이든 마다 보다
처럼 같은 같이 대로 별 별로 들 들이 들은 들을 들의 들에 들과 들로 한테 께 밖에 조차 뿐 뿐만 이고 이며 인 인데 인지 일때 이면 이어야 여야
이다 입니다 입니까 인가요 이에요 예요 에요 이야 야 요 이요 네요 죠 지요 이죠 나요 가요
하다 하는 한 할 함 해 해요 하기 하고 하며 하면 하면서 하여 해서 해야 해야만 하지 하자 하려 하려고 하려면 하려는 하게 하도록 하니 하니까 하는데
하는지 하는게 하는걸 하기가 하기는 하기를 하기에 하기도 하기위해 하기위한 하던 했다 했는데 했을 했을때 했더니 했던 했어요 했습니다 합니다 합니까
할때 할까 할까요 할수 할지 한다 한다면 한다고 하세요 하십시오 해주세요 해줘 해주는 해주기 해봐 해보기 해볼까 해도 해둔 해줄 하거나 하나요 하나 하네요 한가
한가요 하지만 하지않는 하지않고 하지마 하는법 하나의 한데 한지 할게
되다 되는 된 될 됨 돼 돼요 되기 되고 되며 되면 되면서 되어 되어야 되어서 되지 되게 되도록 되니 되는데 되는지 되는게 되던 됐다 됐는데 됐을 됐을때
됐어요 됐습니다 되었다 되었는데 되었을 되었습니다 됩니다 됩니까 될때 될까 될까요 될수 된다 된다면 된다고 되어있는 돼있는 되지않는 되지않고 돼서 돼야 되나요
되네요 되거나 되었을때 된지 되도 돼도
시키는 시키기 시킬 시켜 시켜서 시키고 시키면 시킨 시키지
는데 은데 는지 은지 을지 기 기가 기를 기는 기도 기에 기위해 기위한 고 고서 며 면 으면 면서 으면서 아 어 여 아서 어서 여서 아야 어야 지 지만 지는 지를
자 자마자 게 도록 니까 으니까 려 려고 으려고 려면 으려면 려는 거나 던 다 는다 습니다 니다 는가 은가 을까 을까요 을때 을수 았다 었다 였다
았는데 었는데 았을 었을 았을때 었을때 았어요 었어요 았습니다 었습니다 아요 어요 여요 세요 으세요 십시오 아줘 어줘 아주는 어주는 아도 어도 음 을지 데 데요 지는 지면 져 져서 졌다 지고
진 질 진다 집니다 졌어요 졌는데 지지 지게 지네요 어지는 아지는 어진 아진 어질 어져 아져 어져요 아져요 어집니다 아집니다 네 구나 군요 적 적인 적으로 성 용 용의
";

/// Words of Japanese, Korean and Chinese as lines, as the lists have them.
pub(super) const WORDS: &str = include_str!("common.txt");
