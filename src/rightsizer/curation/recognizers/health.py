"""What tells of somebody's health: conditions, medicines, doses, codes of diagnoses. English and Chinese.

A lexicon of the project's own, with few patterns: it finds the terms listed and no others. Numbers of
medical records are in `identity`.
"""

from __future__ import annotations

import re

from rightsizer.curation.recognizers.pattern import B, E, Pattern, words


def _listed(text: str) -> tuple[str, ...]:
    return tuple(term.strip() for term in text.split(";"))


CONDITIONS = _listed(
    """
    adhd; aids; alcoholism; alopecia; alzheimer's; alzheimer; anaemia; anemia; aneurysm; angina;
    anorexia; anxiety disorder; aortic stenosis; appendicitis; arrhythmia; arthritis; asthma; atrial
    fibrillation; autism; autistic; bipolar disorder; brain tumor; brain tumour; breast cancer;
    bronchitis; bulimia; cancer; cardiomyopathy; cataract; celiac disease; cerebral palsy;
    chemotherapy; chlamydia; cholesterol; chronic fatigue; chronic kidney disease; cirrhosis; colon
    cancer; colitis; concussion; congestive heart failure; copd; coronary artery disease; covid-19;
    crohn's disease; cystic fibrosis; deep vein thrombosis; dementia; depression; dermatitis;
    diabetes; diabetic; dialysis; diverticulitis; down syndrome; dyslexia; eczema; emphysema;
    endometriosis; epilepsy; epileptic; erectile dysfunction; fibromyalgia; gallstones; gastritis;
    glaucoma; gonorrhea; gout; graves' disease; haemophilia; heart attack; heart failure;
    hemophilia; hemorrhoids; hepatitis; hernia; herpes; hiv; hiv-positive; hodgkin's lymphoma; hpv;
    huntington's disease; hypertension; hyperthyroidism; hypothyroidism; infertility; influenza;
    insomnia; irritable bowel syndrome; kidney failure; kidney stones; leukaemia; leukemia; lung
    cancer; lupus; lyme disease; lymphoma; malaria; measles; melanoma; meningitis; menopause;
    migraine; miscarriage; multiple sclerosis; muscular dystrophy; myocardial infarction;
    neuropathy; obesity; obsessive-compulsive disorder; osteoporosis; ovarian cancer; pancreatic
    cancer; pancreatitis; panic attacks; paralysis; parkinson's disease; parkinson's; peptic ulcer;
    pneumonia; postpartum depression; pregnancy; pregnant; prostate cancer; psoriasis; psychosis;
    ptsd; pulmonary embolism; radiotherapy; rheumatoid arthritis; scabies; schizophrenia; sciatica;
    scoliosis; seizures; sepsis; shingles; sickle cell disease; skin cancer; sleep apnea; stroke;
    substance abuse; suicidal; syphilis; tachycardia; thalassemia; thrombosis; tonsillitis; tourette
    syndrome; tuberculosis; tumor; tumour; ulcerative colitis; urinary tract infection; vertigo
    """
)
MEDICINES = _listed(
    """
    acetaminophen; adderall; albuterol; alprazolam; amlodipine; amoxicillin; aspirin; atorvastatin;
    azithromycin; bupropion; buprenorphine; carbamazepine; cephalexin; cetirizine; ciprofloxacin;
    citalopram; clonazepam; clopidogrel; codeine; cyclobenzaprine; diazepam; diclofenac;
    diphenhydramine; doxycycline; duloxetine; escitalopram; estradiol; fentanyl; fluoxetine;
    fluticasone; furosemide; gabapentin; glipizide; hydrochlorothiazide; hydrocodone; ibuprofen;
    insulin; lamotrigine; levothyroxine; lisinopril; lithium carbonate; loratadine; lorazepam;
    losartan; meloxicam; metformin; methadone; methotrexate; methylphenidate; metoprolol;
    montelukast; morphine; naloxone; naproxen; olanzapine; omeprazole; ondansetron; oxycodone;
    pantoprazole; paracetamol; paroxetine; penicillin; pravastatin; prednisone; pregabalin;
    propranolol; prozac; quetiapine; ritalin; rosuvastatin; sertraline; sildenafil; simvastatin;
    spironolactone; tamoxifen; tamsulosin; tramadol; trazodone; venlafaxine; viagra; warfarin;
    xanax; xarelto; zoloft; zolpidem
    """
)
CONDITIONS_ZH = _listed(
    """
    高血压; 低血压; 高血脂; 糖尿病; 冠心病; 心脏病; 心肌梗死; 心肌梗塞; 心绞痛;
    心律失常; 心力衰竭; 脑梗死; 脑梗塞; 脑出血; 脑溢血; 中风; 偏瘫; 癫痫; 帕金森;
    阿尔茨海默; 老年痴呆; 抑郁症; 焦虑症; 躁郁症; 双相情感障碍; 精神分裂症; 强迫症;
    自闭症; 多动症; 失眠症; 神经衰弱; 偏头痛; 哮喘; 支气管炎; 肺炎; 肺结核;
    肺气肿; 尘肺; 慢阻肺; 新冠肺炎; 胃炎; 胃溃疡; 十二指肠溃疡; 肠炎; 结肠炎;
    阑尾炎; 胰腺炎; 胆囊炎; 胆结石; 肝炎; 乙肝; 丙肝; 甲肝; 肝硬化; 脂肪肝;
    肾炎; 肾结石; 肾衰竭; 尿毒症; 尿路感染; 前列腺炎; 痛风; 类风湿; 风湿病;
    关节炎; 骨质疏松; 骨折; 颈椎病; 腰椎间盘突出; 红斑狼疮; 甲亢; 甲减; 甲状腺结节;
    贫血; 白血病; 血友病; 淋巴瘤; 肺癌; 肝癌; 胃癌; 肠癌; 直肠癌; 乳腺癌;
    宫颈癌; 卵巢癌; 前列腺癌; 食管癌; 胰腺癌; 脑瘤; 肿瘤; 恶性肿瘤; 化疗; 放疗;
    艾滋病; 梅毒; 淋病; 尖锐湿疣; 疱疹; 湿疹; 荨麻疹; 银屑病; 牛皮癣; 白癜风;
    带状疱疹; 青光眼; 白内障; 中耳炎; 鼻炎; 鼻窦炎; 扁桃体炎; 妊娠; 怀孕; 流产;
    不孕症; 子宫肌瘤; 子宫内膜异位; 多囊卵巢; 痔疮; 疝气; 败血症; 休克; 过敏性休克;
    唐氏综合征; 脑瘫
    """
)
MEDICINES_ZH = _listed(
    """
    阿莫西林; 阿司匹林; 布洛芬; 对乙酰氨基酚; 头孢克肟; 头孢; 青霉素; 红霉素;
    阿奇霉素; 左氧氟沙星; 甲硝唑; 二甲双胍; 格列美脲; 阿卡波糖; 胰岛素; 氨氯地平;
    硝苯地平; 缬沙坦; 厄贝沙坦; 美托洛尔; 硝酸甘油; 阿托伐他汀; 瑞舒伐他汀; 辛伐他汀;
    氯吡格雷; 华法林; 奥美拉唑; 多潘立酮; 蒙脱石散; 氯雷他定; 西替利嗪; 地塞米松;
    泼尼松; 左甲状腺素; 舍曲林; 氟西汀; 帕罗西汀; 艾司西酞普兰; 奥氮平; 喹硫平;
    碳酸锂; 阿普唑仑; 地西泮; 吗啡; 曲马多; 连花清瘟; 板蓝根; 速效救心丸; 丹参滴丸;
    六味地黄丸; 云南白药
    """
)


def _terms(terms: tuple[str, ...]) -> re.Pattern[str]:
    ordered = sorted(terms, key=lambda t: (-len(t), t))
    return re.compile(
        r"(?<![A-Za-z])(?:" + "|".join(map(re.escape, ordered)) + r")(?![A-Za-z])", re.IGNORECASE
    )


def _terms_zh(terms: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(sorted(terms, key=lambda t: (-len(t), t))))


HEALTH: tuple[Pattern, ...] = (
    Pattern("MEDICAL_CONDITION", _terms(CONDITIONS), 0.6, needs=CONDITIONS),
    Pattern("MEDICAL_CONDITION", _terms_zh(CONDITIONS_ZH), 0.6, needs=CONDITIONS_ZH),
    Pattern("MEDICATION", _terms(MEDICINES), 0.6, needs=MEDICINES),
    Pattern("MEDICATION", _terms_zh(MEDICINES_ZH), 0.6, needs=MEDICINES_ZH),
    Pattern(
        "MEDICATION",  # a dose
        re.compile(
            B + r"[0-9]{1,4}(?:\.[0-9]{1,3})?[ ]?(?:mg|mcg|µg|ug|毫克|微克)(?:/(?:kg|day|d|天|日))?"
            r"(?:[ ,，]{0,2}(?:once|twice|three times|[0-9] times|bid|tid|qid|qd|每日|一日|每天)"
            r"(?:[ ]?(?:daily|a day|per day|[一二三四两0-9]次))?)" + E,
            re.IGNORECASE,
        ),
        0.6,
        needs=("mg", "mcg", "µg", "ug", "毫克", "微克"),
    ),
    Pattern(
        "ICD_CODE",
        re.compile(B + r"[A-TV-Z][0-9][0-9A-Z](?:\.[0-9A-Z]{1,4})?" + E),
        0.7,
        needs=("icd", "diagnos", "dx", "诊断"),
        context=words("icd", "icd-?10(?:-cm)?", "diagnos[ie]s", "diagnosed", "dx", "诊断", "诊断编码"),
    ),
    Pattern(
        "BLOOD_TYPE",
        re.compile(
            r"(?<![A-Za-z])blood[ ](?:type|group)[ ]?(?:is|:|=)?[ ]?"
            r"((?:AB|A|B|O)(?:[+\-]|[ ](?:positive|negative))?)"
            + E
            + r"|血型[是为：:]{0,2}[ ]?((?:AB|A|B|O)[+\-]?型?)",
            re.IGNORECASE,
        ),
        0.7,
        needs=("blood", "血型"),
        check=lambda m: m.span(1) if m[1] else m.span(2),
    ),
)
